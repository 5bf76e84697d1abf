// What is written into a SOAP call: nothing that a value holds may become a tag.
#include "src/delivery/upload/soap_request.hpp"

#include <gmock/gmock.h>

namespace wayside::upload {
namespace {

std::optional<std::string> escaped(std::string_view text) {
  WipedBytes out;
  if (!append_escaped(out, as_bytes(text))) return std::nullopt;
  return std::string(out.begin(), out.end());
}

TEST(SoapRequest, NoValueBecomesMarkup) {
  EXPECT_EQ(escaped("AB12CDE"), "AB12CDE");
  EXPECT_EQ(escaped("</VRM><VRM>&\"'"), "&lt;/VRM&gt;&lt;VRM&gt;&amp;&quot;&apos;");
  EXPECT_EQ(escaped("]]>"), "]]&gt;");
  EXPECT_EQ(escaped("a\tb\nc\rd"), "a&#9;b&#10;c&#13;d");
  EXPECT_EQ(escaped("\xc3\xa9\xe2\x82\xac\xf0\x9f\x9a\x97"), "\xc3\xa9\xe2\x82\xac\xf0\x9f\x9a\x97");
  EXPECT_EQ(escaped(""), "");
}

TEST(SoapRequest, WhatXmlCannotHoldIsRefused) {
  for (const std::string& text :
       {std::string("\0", 1), std::string("\x1b"), std::string("\x08"), std::string("a\xff"),
        std::string("\xc3"), std::string("\xc0\x80"), std::string("\xed\xa0\x80"),
        std::string("\xef\xbf\xbe"), std::string("\xf4\x90\x80\x80"), std::string("\xe2\x28\xa1")})
    EXPECT_FALSE(escaped(text)) << to_hex(as_bytes(text));
  SoapRequest request("sendCapture");
  const Status status = request.add("VRM", as_bytes("A\x01"
                                                    "B"));
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().message, "VRM holds a character that XML has no way to write");
}

TEST(SoapRequest, IsTheEnvelopeOfTheDocument) {
  SoapRequest request("addBinaryCaptureData");
  ASSERT_TRUE(request.add("username", as_bytes("a&b")));
  request.add_base64("binaryImage", as_bytes("\xff\xd8\xff"));
  const WipedBytes& body = request.finish();
  EXPECT_EQ(std::string(body.begin(), body.end()),
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
            "<soap:Envelope xmlns:soap=\"http://schemas.xmlsoap.org/soap/envelope/\" "
            "xmlns:bof=\"urn:bof2:input-capture\"><soap:Body><bof:addBinaryCaptureData>"
            "<username>a&amp;b</username><binaryImage>/9j/</binaryImage>"
            "</bof:addBinaryCaptureData></soap:Body></soap:Envelope>\n");
}

}  // namespace
}  // namespace wayside::upload
