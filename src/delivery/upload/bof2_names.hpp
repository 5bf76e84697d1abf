// Every name and number of the police service that this profile writes or looks for, and how far it is known:
// the one place to change once its WSDL is at hand. bof2.md lists the same.
//
// Threads: constants.
#pragma once

#include <cstddef>
#include <string_view>

namespace wayside::upload::bof2 {

enum class Standing {
  read,         // in a public source
  second_hand,  // one public program speaks it so
  assumed,      // by us, for want of anything better
};
struct Name {
  std::string_view text;
  Standing standing;
};

// --- the envelope
inline constexpr Name envelope_namespace{"http://schemas.xmlsoap.org/soap/envelope/", Standing::assumed};
inline constexpr Name content_type{"text/xml; charset=utf-8", Standing::assumed};
// Asked for with each operation's name in quotes.
inline constexpr Name action_header{"SOAPAction", Standing::assumed};
inline constexpr Name service_namespace{"urn:bof2:input-capture", Standing::assumed};
// The reply's element is the operation's name with this behind it.
inline constexpr Name response_suffix{"Response", Standing::assumed};

// --- operations
inline constexpr Name send_capture{"sendCapture", Standing::read};
inline constexpr Name send_compound_capture{"sendCompoundCapture", Standing::read};
inline constexpr Name add_binary_capture_data{"addBinaryCaptureData", Standing::read};

// --- sendCapture, in this order; those marked are what a line of sendCompoundCapture leaves out
inline constexpr Name signature{"signature", Standing::read};
inline constexpr Name username{"username", Standing::read};
inline constexpr Name vrm{"VRM", Standing::read};
inline constexpr Name feed_id{"feedID", Standing::read};
inline constexpr Name source_id{"sourceID", Standing::read};
inline constexpr Name camera_id{"cameraID", Standing::read};
inline constexpr Name plate_image{"plateImage", Standing::read};        // no part of a line
inline constexpr Name overview_image{"overviewImage", Standing::read};  // no part of a line
inline constexpr Name capture_date{"captureDate", Standing::read};
inline constexpr Name latitude{"latitude", Standing::read};
inline constexpr Name longitude{"longitude", Standing::read};
inline constexpr Name camera_preset_position{"cameraPresetPosition", Standing::read};
inline constexpr Name camera_pan{"cameraPan", Standing::read};
inline constexpr Name camera_tilt{"cameraTilt", Standing::read};
inline constexpr Name camera_zoom{"cameraZoom", Standing::read};
inline constexpr Name confidence_percentage{"confidencePercentage", Standing::read};
inline constexpr Name motion_toward_camera{"motionTowardCamera", Standing::read};

// --- sendCompoundCapture: one such element a line
inline constexpr Name captures{"captures", Standing::second_hand};

// --- addBinaryCaptureData, in this order behind signature and username
inline constexpr Name binary_vrm{"vrm", Standing::second_hand};
inline constexpr Name binary_feed{"feedIdentifier", Standing::second_hand};
inline constexpr Name binary_source{"sourceIdentifier", Standing::second_hand};
inline constexpr Name binary_camera{"cameraIdentifier", Standing::second_hand};
inline constexpr Name binary_time{"captureTime", Standing::second_hand};
inline constexpr Name binary_image{"binaryImage", Standing::second_hand};
inline constexpr Name binary_type{"binaryDataType", Standing::second_hand};
inline constexpr Name plate_type{"P", Standing::read};
inline constexpr Name overview_type{"C", Standing::read};

inline constexpr const Name* all_names[] = {&envelope_namespace,
                                            &content_type,
                                            &action_header,
                                            &service_namespace,
                                            &response_suffix,
                                            &send_capture,
                                            &send_compound_capture,
                                            &add_binary_capture_data,
                                            &signature,
                                            &username,
                                            &vrm,
                                            &feed_id,
                                            &source_id,
                                            &camera_id,
                                            &plate_image,
                                            &overview_image,
                                            &capture_date,
                                            &latitude,
                                            &longitude,
                                            &camera_preset_position,
                                            &camera_pan,
                                            &camera_tilt,
                                            &camera_zoom,
                                            &confidence_percentage,
                                            &motion_toward_camera,
                                            &captures,
                                            &binary_vrm,
                                            &binary_feed,
                                            &binary_source,
                                            &binary_camera,
                                            &binary_time,
                                            &binary_image,
                                            &binary_type,
                                            &plate_type,
                                            &overview_type};

// --- limits
inline constexpr std::size_t most_captures = 50;  // of a sendCompoundCapture: read
inline constexpr int widest_plate_px = 120;       // second hand, as are the next two
inline constexpr int highest_plate_px = 60;
inline constexpr std::size_t largest_overview = 25'000;

}  // namespace wayside::upload::bof2
