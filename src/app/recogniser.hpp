// The recogniser as one set of options, so that the camera and the evaluation run the same with the same
// defaults.
//
// Threads: pure but for reading the model files; what is made belongs to one thread.
// Failure: a model or syntax file that is missing or damaged, named with its remedy.
#pragma once

#include <filesystem>
#include <memory>

#include "wayside/anpr/locate/plate_locator.hpp"
#include "wayside/anpr/read/plate_reader.hpp"
#include "wayside/anpr/read/vrm_syntax.hpp"
#include "wayside/anpr/track/pass_tracker.hpp"
#include "wayside/base/result.hpp"
#include "wayside/device/config/configuration.hpp"
#include "wayside/eval/recognise.hpp"

namespace wayside::app {

struct RecogniserOptions {
  std::filesystem::path models;  // the folder
  std::filesystem::path syntax_file;
  LocatorOptions locator;
  ReaderOptions reader;
  TrackerOptions tracker;
};

// What a configuration asks for; recogniser_options({}, models) is what a camera does that was told nothing.
[[nodiscard]] RecogniserOptions recogniser_options(const Configuration& configuration,
                                                   const std::filesystem::path& models);

// One thread's whole recogniser, without the pictures for people.
[[nodiscard]] Result<eval::Recogniser> make_recogniser(const RecogniserOptions& options);

}  // namespace wayside::app
