// Boost.Asio, compiled once for the whole library. A program that compiles it itself turns
// KINESIS_ASIO_SEPARATE_COMPILATION off.
#ifdef BOOST_ASIO_SEPARATE_COMPILATION
#include <boost/asio/impl/src.hpp>
#include <boost/asio/ssl/impl/src.hpp>
#endif
