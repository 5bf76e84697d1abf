// A model of the store as a network of OpenCV.
//
// Threads: a network belongs to one thread. Failure: not_found or corrupt, naming the file.
#pragma once

#include <string_view>

#include <opencv2/dnn.hpp>

#include "wayside/anpr/model/model_store.hpp"

namespace wayside::locate {

[[nodiscard]] Result<cv::dnn::Net> load_network(const ModelStore& models, std::string_view name);

// picture: CV_8UC1. 1 x 1 x rows x cols, CV_32F, 0 to 1.
[[nodiscard]] cv::Mat network_input(const cv::Mat& picture);

}  // namespace wayside::locate
