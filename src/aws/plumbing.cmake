# What stands between a request type and HTTP, without I/O: signatures, endpoints, configuration files, retries, clock skew.
set(aws_plumbing_sources
  sigv4.cpp
  sigv4_verify.cpp
  uri.cpp
)
set(aws_plumbing_tests
  sigv4_test.cpp
  sigv4_verify_test.cpp
  uri_test.cpp
)
