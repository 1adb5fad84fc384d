#include "http/proxy.hpp"

#include <gtest/gtest.h>

#include <map>

namespace kinesis::http {
namespace {

ProxySettings from(std::map<std::string, std::string> variables) {
  return ProxySettings::from([&](std::string_view name) -> std::optional<std::string> {
    const auto found = variables.find(std::string(name));
    if (found == variables.end()) return std::nullopt;
    return found->second;
  });
}

TEST(HttpProxy, IsChosenByScheme) {
  const auto settings = from({{"HTTPS_PROXY", "http://secure.proxy:3128"}, {"HTTP_PROXY", "plain.proxy:8080"}});
  ASSERT_NE(settings.find(Endpoint(true, "a", 443)), nullptr);
  EXPECT_EQ(settings.find(Endpoint(true, "a", 443))->endpoint, Endpoint(false, "secure.proxy", 3128));
  EXPECT_EQ(settings.find(Endpoint(false, "a", 80))->endpoint, Endpoint(false, "plain.proxy", 8080));
  EXPECT_EQ(from({{"HTTP_PROXY", "p"}}).find(Endpoint(true, "a", 443)), nullptr);
  EXPECT_EQ(ProxySettings::none().find(Endpoint(true, "a", 443)), nullptr);
}

TEST(HttpProxy, LowerCaseNamesWinAndAllProxyFillsIn) {
  const auto settings = from({{"HTTPS_PROXY", "upper"}, {"https_proxy", "lower"}, {"ALL_PROXY", "all"}});
  EXPECT_EQ(settings.https->endpoint.host, "lower");
  EXPECT_EQ(settings.http->endpoint.host, "all");
  EXPECT_FALSE(from({{"HTTPS_PROXY", ""}}).https);
}

TEST(HttpProxy, WhatIsNoUrlIsAnError) {
  EXPECT_THROW(from({{"HTTPS_PROXY", "socks5://p:1080"}}), Error);
  EXPECT_THROW(from({{"HTTP_PROXY", "p:port"}}), Error);
}

TEST(HttpProxy, ExceptionsAreHostsDomainsAddressesNetworksAndPorts) {
  const auto goes_direct = [](std::string no_proxy, Endpoint endpoint) {
    return from({{"HTTPS_PROXY", "p"}, {"NO_PROXY", std::move(no_proxy)}}).find(endpoint) == nullptr;
  };
  const Endpoint host(true, "kinesis.eu-west-1.amazonaws.com", 443);
  EXPECT_TRUE(goes_direct("*", host));
  EXPECT_TRUE(goes_direct("kinesis.eu-west-1.amazonaws.com", host));
  EXPECT_TRUE(goes_direct("x, .AmazonAWS.com ,y", host));
  EXPECT_TRUE(goes_direct("amazonaws.com", host));
  EXPECT_TRUE(goes_direct("*.amazonaws.com", host));
  EXPECT_TRUE(goes_direct("amazonaws.com:443", host));
  EXPECT_FALSE(goes_direct("amazonaws.com:8443", host));
  EXPECT_FALSE(goes_direct("aws.com", host));
  EXPECT_FALSE(goes_direct("", host));
  EXPECT_FALSE(goes_direct(".", host));
  EXPECT_TRUE(goes_direct("169.254.169.254", Endpoint(true, "169.254.169.254", 443)));
  EXPECT_TRUE(goes_direct("169.254.0.0/16", Endpoint(true, "169.254.169.254", 443)));
  EXPECT_FALSE(goes_direct("169.254.0.0/16", Endpoint(true, "169.255.0.1", 443)));
  EXPECT_FALSE(goes_direct("169.254.0.0/x", Endpoint(true, "169.254.0.1", 443)));
  EXPECT_TRUE(goes_direct("fd00::/8", Endpoint(true, "fdab::1", 443)));
  EXPECT_TRUE(goes_direct("::1", Endpoint(true, "::1", 443)));
  EXPECT_TRUE(goes_direct("[::1]:443", Endpoint(true, "::1", 443)));
  EXPECT_FALSE(goes_direct("[::1]:80", Endpoint(true, "::1", 443)));
  EXPECT_FALSE(goes_direct("1", Endpoint(true, "127.0.0.1", 443)));
}

TEST(HttpProxy, CredentialsOfTheUrlBecomeBasicAuthorization) {
  EXPECT_EQ(basic_authorization("Aladdin:open%20sesame"), "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
  EXPECT_EQ(basic_authorization("user"), "Basic dXNlcjo=");
  EXPECT_EQ(basic_authorization(""), "");
}

}  // namespace
}  // namespace kinesis::http
