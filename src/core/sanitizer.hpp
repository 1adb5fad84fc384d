#pragma once

// Whether AddressSanitizer watches: what reuses memory gives it back instead, so that a use after the end is found.
#if defined(__SANITIZE_ADDRESS__)
#define KINESIS_ADDRESS_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define KINESIS_ADDRESS_SANITIZER 1
#endif
#endif
#ifndef KINESIS_ADDRESS_SANITIZER
#define KINESIS_ADDRESS_SANITIZER 0
#endif
