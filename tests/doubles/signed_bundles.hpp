// Update bundles as a vendor signs them: a root certificate, a signer below it, another that was revoked, and
// a stranger; made with openssl and rauc.
//
// Threads: one. Failure: false; what the programs said is in FOLDER/log.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <string>

#include "tests/doubles/temporary_folder.hpp"

namespace wayside::doubles {

namespace bundles {

inline constexpr const char* keys_script = R"(set -e; cd "$1"
cat >ca.cnf <<END
[ca]
default_ca=d
[d]
database=$1/index
serial=$1/serial
crlnumber=$1/crlnumber
new_certs_dir=$1
default_md=sha256
default_days=30
default_crl_days=30
policy=p
certificate=$1/root.crt
private_key=$1/root.key
[p]
commonName=supplied
[req]
distinguished_name=n
[n]
[ca_ext]
basicConstraints=critical,CA:TRUE
subjectKeyIdentifier=hash
keyUsage=critical,cRLSign,keyCertSign
[sign_ext]
basicConstraints=critical,CA:FALSE
authorityKeyIdentifier=keyid
extendedKeyUsage=emailProtection
keyUsage=critical,digitalSignature
END
: >index; echo 01 >serial; echo 01 >crlnumber
key() { openssl req "$@" -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -config ca.cnf; }
key -x509 -extensions ca_ext -days 30 -subj /CN=root -keyout root.key -out root.crt
for signer in good revoked; do
  key -subj "/CN=$signer" -keyout $signer.key -out $signer.csr
  openssl ca -batch -config ca.cnf -extensions sign_ext -in $signer.csr -out $signer.crt
done
openssl ca -config ca.cnf -revoke revoked.crt
openssl ca -config ca.cnf -gencrl -out crl.pem
key -x509 -extensions sign_ext -days 30 -subj /CN=stranger -keyout stranger.key -out stranger.crt
cat root.crt crl.pem >keyring.pem
)";

inline constexpr const char* bundle_script = R"(set -e; cd "$1"; rm -rf in; mkdir in
head -c 300000 /dev/urandom >in/boot.img; head -c "$5" /dev/urandom >in/root.img
cat >in/manifest.raucm <<END
[update]
compatible=$3
version=$2
[bundle]
format=$6
[image.boot]
filename=boot.img
[image.root]
filename=root.img
END
rm -f made.raucb; rauc bundle --cert="$4.crt" --key="$4.key" in made.raucb
)";

inline bool run(const std::filesystem::path& folder, const char* script,
                std::initializer_list<std::string> words) {
  const std::filesystem::path file = folder / "script";
  std::ofstream(file) << script;
  std::string command = "timeout 60 /bin/sh " + file.string() + " " + folder.string();
  for (const std::string& word : words)
    command += " " + word;
  return std::system((command + " >>" + (folder / "log").string() + " 2>&1").c_str()) == 0;
}

}  // namespace bundles

struct BundleOptions {
  std::string version;
  std::string compatible = "wayside-test";
  std::string signer = "good";  // or "revoked", "stranger"
  std::size_t root_bytes = 800'000;
  std::string format = "plain";  // verity needs a device mapper where it is installed
};

// FOLDER/keyring.pem: what a camera has of it, its list of what is revoked included.
inline bool make_update_keys(const std::filesystem::path& folder) {
  return bundles::run(folder, bundles::keys_script, {});
}

// FOLDER/made.raucb, from FOLDER/in/boot.img and root.img.
inline bool make_bundle(const std::filesystem::path& folder, const BundleOptions& options) {
  return bundles::run(folder, bundles::bundle_script,
                      {options.version, options.compatible, options.signer,
                       std::to_string(options.root_bytes), options.format});
}

}  // namespace wayside::doubles
