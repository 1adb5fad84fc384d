# The library users link: every folder in one archive (or shared object), and how it is installed and found.

get_property(kinesis_folders GLOBAL PROPERTY KINESIS_FOLDERS)
set(kinesis_objects "")
foreach(folder IN LISTS kinesis_folders)
  list(APPEND kinesis_objects $<TARGET_OBJECTS:${folder}>)
endforeach()

add_library(kinesis ${kinesis_objects})
add_library(kinesis::kinesis ALIAS kinesis)
set_target_properties(kinesis PROPERTIES VERSION ${PROJECT_VERSION} SOVERSION 0 LINKER_LANGUAGE CXX)
target_include_directories(kinesis PUBLIC
  $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include> $<INSTALL_INTERFACE:include>)
target_compile_features(kinesis PUBLIC cxx_std_20)
if(KINESIS_ASIO_SEPARATE_COMPILATION)
  target_compile_definitions(kinesis PUBLIC BOOST_ASIO_SEPARATE_COMPILATION)
endif()
target_link_libraries(kinesis
  PUBLIC Boost::headers Threads::Threads
  PRIVATE OpenSSL::SSL OpenSSL::Crypto SQLite::SQLite3 simdjson::simdjson PkgConfig::nghttp2 PkgConfig::libdeflate)

if(KINESIS_INSTALL)
  include(GNUInstallDirs)
  include(CMakePackageConfigHelpers)
  set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/kinesis)
  install(TARGETS kinesis EXPORT kinesisTargets)
  install(DIRECTORY include/kinesis DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
  install(EXPORT kinesisTargets NAMESPACE kinesis:: DESTINATION ${package_dir})
  configure_package_config_file(cmake/kinesisConfig.cmake.in ${PROJECT_BINARY_DIR}/kinesisConfig.cmake
    INSTALL_DESTINATION ${package_dir})
  write_basic_package_version_file(${PROJECT_BINARY_DIR}/kinesisConfigVersion.cmake COMPATIBILITY SameMinorVersion)
  install(FILES ${PROJECT_BINARY_DIR}/kinesisConfig.cmake ${PROJECT_BINARY_DIR}/kinesisConfigVersion.cmake
    DESTINATION ${package_dir})
  configure_file(cmake/kinesis.pc.in ${PROJECT_BINARY_DIR}/kinesis.pc @ONLY)
  install(FILES ${PROJECT_BINARY_DIR}/kinesis.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
endif()
