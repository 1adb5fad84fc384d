#pragma once

#include <string>
#include <string_view>

// Percent-encoding as AWS signs it and as its query protocol sends it: RFC 3986 with nothing but the unreserved
// characters left bare, upper-case digits, and a space as %20.
namespace kinesis::aws {

/// Appends `text`, every byte but A-Z a-z 0-9 - . _ ~ encoded. `keep_slashes` leaves '/' bare too, for paths.
void append_uri_encoded(std::string& out, std::string_view text, bool keep_slashes = false);
std::string uri_encoded(std::string_view text);
/// The reverse. What is no escape stays as it is; a plus sign is no space.
std::string uri_decoded(std::string_view text);

}  // namespace kinesis::aws
