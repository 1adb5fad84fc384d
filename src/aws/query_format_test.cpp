#include "aws/query_format.hpp"

#include "aws/cloudwatch_shapes.hpp"
#include "aws/shape_samples.hpp"
#include "aws/sts_shapes.hpp"
#include "aws/xml.hpp"

#include <gtest/gtest.h>

namespace kinesis::aws {
namespace {

using Event = XmlScanner::Event;

TEST(QueryFormat, WritesFormsAsAwsWantsThem) {
  sts::AssumeRoleRequest request("arn:aws:iam::123456789012:role/a b", "s&n");
  request.duration_seconds = 900;
  EXPECT_EQ(to_form(request, "2011-06-15"),
            "Action=AssumeRole&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A123456789012%3Arole%2Fa%20b&"
            "RoleSessionName=s%26n&DurationSeconds=900");
  cloudwatch::PutMetricDataRequest metrics("App");
  auto& datum = metrics.metric_data.emplace_back("Latency");
  datum.dimensions = {cloudwatch::Dimension("Op", "Put"), cloudwatch::Dimension("Shard", "1")};
  datum.timestamp = cloudwatch::Timestamp(std::chrono::milliseconds(1'700'000'000'123));
  datum.values = {1.5, 2};
  datum.unit = cloudwatch::StandardUnit::bytes_per_second;
  EXPECT_EQ(
      to_form(metrics, "2010-08-01"),
      "Action=PutMetricData&Version=2010-08-01&Namespace=App&MetricData.member.1.MetricName=Latency&MetricData.member."
      "1.Dimensions.member.1.Name=Op"
      "&MetricData.member.1.Dimensions.member.1.Value=Put&MetricData.member.1.Dimensions.member.2.Name=Shard"
      "&MetricData.member.1.Dimensions.member.2.Value=1&MetricData.member.1.Timestamp=2023-11-14T22%3A13%3A20.123Z"
      "&MetricData.member.1.Values.member.1=1.5&MetricData.member.1.Values.member.2=2&MetricData.member.1.Unit=Bytes%"
      "2FSecond");
}

TEST(QueryFormat, ReadsBackFormsAndXml) {
  std::mt19937_64 random(5);
  int compared = 0;
  for (const auto& described : described_types()) {
    const bool query = described.name.starts_with("sts") || described.name.starts_with("cloudwatch");
    for (int round = 0; query && round < 40; ++round) {
      const AnyObject object(described);
      fill_sample(described.type, object.get(), random, round < 10 ? 0 : 100);
      const AnyObject from_form(described);
      const std::string form = write_form(described.type, object.get(), "A", "1");
      ASSERT_TRUE(read_form(described.type, from_form.get(), form, Missing::refused)) << form;
      EXPECT_EQ(difference(described.type, object.get(), from_form.get()), "") << form;
      EXPECT_EQ(form_value(form, "Action"), "A");
      ++compared;
    }
  }
  EXPECT_GE(compared, 320);
  sts::AssumeRoleWithWebIdentityResponse response;
  response.credentials.access_key_id = "ASIA";
  response.credentials.secret_access_key = "a<b>&\"c'";
  response.credentials.session_token = "tok/en+==";
  response.credentials.expiration = sts::Timestamp(std::chrono::milliseconds(1'700'000'000'000));
  response.provider = "www.example.com";
  const auto& type = type_of<sts::AssumeRoleWithWebIdentityResponse>();
  const std::string xml =
      write_xml(type, &response, "AssumeRoleWithWebIdentity", "https://sts.amazonaws.com/doc/2011-06-15/", "r-1");
  const auto read = response_from_xml<sts::AssumeRoleWithWebIdentityRequest>(xml);
  ASSERT_TRUE(read) << read.error().what();
  EXPECT_EQ(difference(type, &response, &*read), "");
  for (std::size_t size = 0; size < xml.size(); ++size) {
    EXPECT_FALSE(response_from_xml<sts::AssumeRoleWithWebIdentityRequest>(xml.substr(0, size))) << size;
  }
}

TEST(QueryFormat, ReadsWhatStsSends) {
  const auto read = response_from_xml<sts::AssumeRoleRequest>(
      R"(<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
  <AssumeRoleResult>
    <SourceIdentity>alice</SourceIdentity>
    <AssumedRoleUser><Arn>arn:aws:sts::1:assumed-role/demo/s</Arn><AssumedRoleId>ARO123:s</AssumedRoleId></AssumedRoleUser>
    <Credentials>
      <AccessKeyId>ASIAIOSFODNN7EXAMPLE</AccessKeyId>
      <SecretAccessKey>wJalrXUtnFEMI/K7MDENG/bPxRfiCYzEXAMPLEKEY</SecretAccessKey>
      <SessionToken>AQoD&#43;YXdz</SessionToken>
      <Expiration>2019-11-09T13:34:41Z</Expiration>
    </Credentials>
    <PackedPolicySize>6</PackedPolicySize>
  </AssumeRoleResult>
  <ResponseMetadata><RequestId>c6104cbe</RequestId></ResponseMetadata>
</AssumeRoleResponse>)");
  ASSERT_TRUE(read) << read.error().what();
  EXPECT_EQ(read->credentials.access_key_id, "ASIAIOSFODNN7EXAMPLE");
  EXPECT_EQ(read->credentials.session_token, "AQoD+YXdz");
  EXPECT_EQ(to_millis(read->credentials.expiration), 1573306481000);
  EXPECT_EQ(read->assumed_role_user->assumed_role_id, "ARO123:s");
  EXPECT_FALSE(response_from_xml<sts::GetCallerIdentityRequest>("<AssumeRoleResponse/>"));
  EXPECT_FALSE(response_from_xml<sts::GetCallerIdentityRequest>(
      "<AssumeRoleResponse><AssumeRoleResult><Credentials><Expiration>soon</Expiration></Credentials></"
      "AssumeRoleResult></AssumeRoleResponse>"));
}

TEST(QueryFormat, TakesAnAnswerWithoutAResult) {
  EXPECT_TRUE(response_from_xml<cloudwatch::PutMetricDataRequest>(
      R"(<PutMetricDataResponse xmlns="http://monitoring.amazonaws.com/doc/2010-08-01/"><ResponseMetadata><RequestId>r</RequestId></ResponseMetadata></PutMetricDataResponse>)"));
  EXPECT_FALSE(response_from_xml<cloudwatch::PutMetricDataRequest>("<Other/>"));
}

TEST(QueryFormat, RefusesWrongValuesOfForms) {
  sts::AssumeRoleRequest request;
  const auto& type = type_of<sts::AssumeRoleRequest>();
  EXPECT_FALSE(read_form(type, &request, "DurationSeconds=soon"));
  EXPECT_FALSE(read_form(type, &request, "DurationSeconds=99999999999"));
  EXPECT_EQ(read_form(type, &request, "RoleArn=a", Missing::refused).error().service_code(), "ValidationException");
  cloudwatch::PutMetricDataRequest metrics;
  const std::string form = "Namespace=a&MetricData.member.1.MetricName=m&MetricData.member.1.Unit=Furlongs";
  EXPECT_TRUE(read_form(type_of<cloudwatch::PutMetricDataRequest>(), &metrics, form));
  const auto refused = read_form(type_of<cloudwatch::PutMetricDataRequest>(), &metrics, form, Missing::refused);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message().find("'Furlongs' at 'unit'"), std::string::npos);
  EXPECT_TRUE(read_form(type, &request, "&&RoleArn=%41+%zz%4&x&=y&RoleSessionName"));
  EXPECT_EQ(request.role_arn, "A %zz%4");
}

std::string events(std::string_view xml) {
  std::string out;
  XmlScanner in(xml);
  for (;;) {
    switch (in.next()) {
      case Event::start:
        out += "(" + std::string(in.name());
        break;
      case Event::end:
        out += " '" + in.text() + "' " + std::string(in.name()) + ")";
        break;
      case Event::done:
        return out;
      case Event::error:
        return out + "!";
    }
  }
}

TEST(XmlScanner, ReadsElementsAndText) {
  EXPECT_EQ(events("<a/>"), "(a '' a)");
  EXPECT_EQ(
      events("\xEF\xBB\xBF<?xml version='1.0'?>\n<!-- c --><n:a x='>' y=\"'\" >t<b />u<c>v</c></n:a>\n<!-- d -->"),
      "(a(b '' b)(c 'v' c) 'tu' a)");
  EXPECT_EQ(events("<a>&lt;&gt;&amp;&quot;&apos;&#65;&#x1F600;<![CDATA[<&]]></a>"),
            "(a '<>&\"'A\xF0\x9F\x98\x80<&' a)");
}

TEST(XmlScanner, RefusesWhatItDoesNotKnow) {
  for (const char* xml : {"",
                          " ",
                          "a",
                          "<",
                          "<a",
                          "<a>",
                          "<a></b>",
                          "</a>",
                          "<a/><b/>",
                          "<a/>x",
                          "x<a/>",
                          "<a b/>",
                          "<a b=c/>",
                          "<a b='c/>",
                          "<a>&b;</a>",
                          "<a>&</a>",
                          "<a>&#0;</a>",
                          "<a>&#xD800;</a>",
                          "<a>&#x110000;</a>",
                          "<a>&#99999999999999;</a>",
                          "<a>&#;</a>",
                          "<!DOCTYPE a><a/>",
                          "<a><!DOCTYPE b></a>",
                          "<a><!-- </a>",
                          "<a><![CDATA[</a>",
                          "<?xml",
                          "<a></a",
                          "<a><b></a></b>",
                          "<1 2>"}) {
    EXPECT_TRUE(events(xml).ends_with("!")) << xml;
  }
  std::string deep;
  for (int i = 0; i < 1000; ++i) deep += "<a>";
  EXPECT_TRUE(events(deep).ends_with("!"));
}

TEST(XmlScanner, ReadsBackWhatIsWritten) {
  std::string out;
  append_xml_text(out,
                  "a<b>&\"'\r\n\t\x01"
                  "\xC3\xA9");
  EXPECT_EQ(events("<x>" + out + "</x>"), "(x 'a<b>&\"'\r\n\t\xEF\xBF\xBD\xC3\xA9' x)");
}

}  // namespace
}  // namespace kinesis::aws
