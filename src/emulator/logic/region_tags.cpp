#include "aws/json_value.hpp"
#include "emulator/logic/errors.hpp"
#include "emulator/logic/region.hpp"

#include <algorithm>

// Tags (both forms of the API) and resource policies.
namespace kinesis::emulator {
namespace {

constexpr std::size_t most_tags = 50;
constexpr std::size_t most_tags_per_call = 200;
constexpr std::size_t most_listed_tags = 50;

// Unicode letters, digits, white space, _ . : / = + - @ and the comma. What is not ASCII counts as a letter.
bool allowed(std::string_view text) noexcept {
  return std::all_of(text.begin(), text.end(), [](char c) {
    const bool alphanumeric = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
    return alphanumeric || static_cast<unsigned char>(c) >= 0x80 ||
           std::string_view(" \t_.:/=+-@,").find(c) != std::string_view::npos;
  });
}

Error bad_characters(std::string_view what, std::string_view resource, const std::string& account) {
  return invalid_argument(
      "Failed to " + std::string(what) + " " + std::string(resource) + " under account " + account +
      " because some tags contained illegal characters. The allowed characters are Unicode letters, "
      "white-spaces, '_',',','/','=','+','-','@'.");
}

std::optional<Error> check_keys(const std::vector<std::string>& keys) {
  Validation validation;
  validation.count("tagKeys", keys.size(), 1, most_tags);
  for (std::size_t i = 0; i < keys.size(); ++i) {
    validation.length("tagKeys." + std::to_string(i + 1) + ".member", keys[i], 1, 128);
  }
  return validation.error();
}

Tag to_tag(const std::string& key, const std::string& value) { return Tag(key, value); }

}  // namespace

std::optional<Error> Region::check_tags(const Tags& added, const Tags& present, std::string_view stream) const {
  Validation validation;
  validation.count("tags", added.size(), 0, most_tags_per_call);
  for (const auto& [key, value] : added) {
    validation.length("tags." + key.substr(0, 32) + ".key", key, 1, 128);
    validation.length("tags." + key.substr(0, 32) + ".value", value, 0, 256);
  }
  if (auto error = validation.error()) return error;
  std::size_t total = present.size();
  for (const auto& [key, value] : added) {
    if (!allowed(key) || !allowed(value)) return bad_characters("add tags to stream", stream, options_.account);
    if (key.starts_with("aws:")) {
      return invalid_argument("Tag keys that start with aws: are reserved for AWS: " + key);
    }
    if (!present.contains(key)) ++total;
  }
  if (total <= most_tags) return std::nullopt;
  return invalid_argument("Failed to add tags to stream " + std::string(stream) + " under account " + options_.account +
                          " because a given stream cannot have more than 50 tags associated with it.");
}

Result<AddTagsToStreamResponse> Region::perform(const AddTagsToStreamRequest& request, Moment) {
  Validation validation;
  check_stream(validation, request).count("tags", request.tags.size(), 1, most_tags_per_call);
  if (auto error = validation.error()) return *error;
  auto found = find_active(request);
  if (!found) return found.error();
  Stream& stream = **found;
  if (auto error = check_tags(request.tags, stream.tags, stream.name())) return *error;
  for (const auto& [key, value] : request.tags) stream.tags.insert_or_assign(key, value);
  return AddTagsToStreamResponse();
}

Result<RemoveTagsFromStreamResponse> Region::perform(const RemoveTagsFromStreamRequest& request, Moment) {
  Validation validation;
  if (auto error = check_stream(validation, request).error()) return *error;
  if (auto error = check_keys(request.tag_keys)) return *error;
  auto found = find_active(request);
  if (!found) return found.error();
  for (const std::string& key : request.tag_keys) {
    if (!allowed(key)) return bad_characters("remove tags from stream", (*found)->name(), options_.account);
  }
  for (const std::string& key : request.tag_keys) (*found)->tags.erase(key);
  return RemoveTagsFromStreamResponse();
}

Result<ListTagsForStreamResponse> Region::perform(const ListTagsForStreamRequest& request, Moment) {
  Validation validation;
  check_stream(validation, request).range("limit", request.limit, 1, static_cast<std::int64_t>(most_listed_tags));
  validation.length("exclusiveStartTagKey", request.exclusive_start_tag_key, 1, 128);
  if (auto error = validation.error()) return *error;
  auto found = find(request);
  if (!found) return found.error();
  const Tags& tags = (*found)->tags;
  ListTagsForStreamResponse out;
  const auto most = static_cast<std::size_t>(request.limit.value_or(most_listed_tags));
  auto it = request.exclusive_start_tag_key ? tags.upper_bound(*request.exclusive_start_tag_key) : tags.begin();
  for (; it != tags.end(); ++it) {
    if (out.tags.size() == most) {
      out.has_more_tags = true;
      break;
    }
    out.tags.push_back(to_tag(it->first, it->second));
  }
  return out;
}

Result<Region::Resource> Region::find_resource(const std::string& arn) {
  Validation validation;
  if (auto error = validation.resource_arn("resourceARN", arn).error()) return *error;
  if (arn.find("/consumer/") != std::string::npos) {
    auto found = find_consumer(ConsumerRequest(arn));
    if (!found) return found.error();
    return Resource{&found->second->tags, &found->second->policy};
  }
  auto found = find_by_arn(arn);
  if (!found) return found.error();
  return Resource{&(*found)->tags, &(*found)->policy};
}

Result<TagResourceResponse> Region::perform(const TagResourceRequest& request, Moment) {
  auto resource = find_resource(request.resource_arn);
  if (!resource) return resource.error();
  Validation validation;
  if (auto error = validation.count("tags", request.tags.size(), 1, most_tags_per_call).error()) return *error;
  if (auto error = check_tags(request.tags, *resource->tags, request.resource_arn)) return *error;
  for (const auto& [key, value] : request.tags) resource->tags->insert_or_assign(key, value);
  return TagResourceResponse();
}

Result<UntagResourceResponse> Region::perform(const UntagResourceRequest& request, Moment) {
  if (auto error = check_keys(request.tag_keys)) return *error;
  auto resource = find_resource(request.resource_arn);
  if (!resource) return resource.error();
  for (const std::string& key : request.tag_keys) resource->tags->erase(key);
  return UntagResourceResponse();
}

Result<ListTagsForResourceResponse> Region::perform(const ListTagsForResourceRequest& request, Moment) {
  auto resource = find_resource(request.resource_arn);
  if (!resource) return resource.error();
  ListTagsForResourceResponse out;
  for (const auto& [key, value] : *resource->tags) out.tags.push_back(to_tag(key, value));
  return out;
}

Result<PutResourcePolicyResponse> Region::perform(const PutResourcePolicyRequest& request, Moment) {
  auto resource = find_resource(request.resource_arn);
  if (!resource) return resource.error();
  const auto policy = aws::JsonValue::parse(request.policy);
  if (!policy || !policy->is_object() || (*policy)["Statement"].is_absent()) {
    return invalid_argument("The policy is malformed: it has to be a JSON object with a Statement.");
  }
  *resource->policy = request.policy;
  return PutResourcePolicyResponse();
}

Result<GetResourcePolicyResponse> Region::perform(const GetResourcePolicyRequest& request, Moment) {
  auto resource = find_resource(request.resource_arn);
  if (!resource) return resource.error();
  if (!*resource->policy) return not_found("No resource policy found for resource ARN " + request.resource_arn);
  GetResourcePolicyResponse out;
  out.policy = **resource->policy;
  return out;
}

Result<DeleteResourcePolicyResponse> Region::perform(const DeleteResourcePolicyRequest& request, Moment) {
  auto resource = find_resource(request.resource_arn);
  if (!resource) return resource.error();
  if (!*resource->policy) return not_found("No resource policy found for resource ARN " + request.resource_arn);
  resource->policy->reset();
  return DeleteResourcePolicyResponse();
}

}  // namespace kinesis::emulator
