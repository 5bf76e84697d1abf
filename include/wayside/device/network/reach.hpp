// What root does of what a camera says about whom it speaks to (outside.hpp): chronyd's servers, and the way
// out that the firewall leaves to the camera's daemon.
//
// Time servers become a file of chronyd's sourcedir: those that are named, or where none is those that the
// network gave systemd-networkd (DHCP). The firewall, where there is a table "inet wayside" with the sets
// office4 and office6 (address . port), gets the addresses of the offices: of a name those that it has now,
// each for an hour from when it was last seen to have it, so that a name with many addresses keeps them all.
// It is called again and again, so that a change of addresses and a network that came late are followed.
// A connection that stands outlives its address: the firewall judges who calls.
//
// Threads: one call at a time; blocks while names are looked up and programs run, seconds at most each.
// Failure: what could be done is done, and the first reason why something could not is told; the next call
// tries it again. What the camera says and is not of the form changes nothing.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "wayside/base/result.hpp"
#include "wayside/device/network/outside.hpp"

namespace wayside {

struct ReachPlaces {
  std::filesystem::path said = "/run/wayside/network";  // anybody's who is the camera: no link is followed
  std::filesystem::path leases = "/run/systemd/netif/state";
  std::filesystem::path sources = "/run/chrony-dhcp/wayside.sources";
  std::filesystem::path done = "/run/wayside-network";  // what chronyd and the firewall have taken
  std::vector<std::string> chronyc = {"/usr/bin/chronyc"};
  std::vector<std::string> nft = {"/usr/sbin/nft"};
  // A name's addresses, as text; none where it has none now.
  std::function<std::vector<std::string>(const std::string& name)> resolve;  // empty: as the system does
};

[[nodiscard]] Status apply_outside(const ReachPlaces& places);

// The time servers in networkd's state: its line NTP=, as far as it holds hosts.
[[nodiscard]] std::vector<std::string> servers_of_network(std::string_view state);

}  // namespace wayside
