#include "network.hpp"

#include <fmt/format.h>

#include "wayside/base/json_text.hpp"

namespace wayside::locate {

Result<cv::dnn::Net> load_network(const ModelStore& models, std::string_view name) {
  const Result<Bytes> bytes = models.load(name);
  if (!bytes) return fail(bytes.error());
  try {
    cv::dnn::Net net = cv::dnn::readNetFromONNX(reinterpret_cast<const char*>(bytes->data()), bytes->size());
    net.setPreferableBackend(cv::dnn::DNN_BACKEND_OPENCV);
    net.setPreferableTarget(cv::dnn::DNN_TARGET_CPU);
    return net;
  } catch (const cv::Exception& error) {
    return fail(ErrorCode::corrupt, fmt::format("the model \"{}\" is no network that OpenCV can run: {}",
                                                name, json_escape(error.msg)));
  }
}

cv::Mat network_input(const cv::Mat& picture) {
  return cv::dnn::blobFromImage(picture, 1.0 / 255, {}, {}, false, false, CV_32F);
}

}  // namespace wayside::locate
