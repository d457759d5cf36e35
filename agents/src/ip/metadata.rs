//! What `meta-data` prints for IPaddr2. Names and defaults are the peer agent's, the words ours.

pub const TEXT: &str = r#"<?xml version="1.0"?>
<!DOCTYPE resource-agent SYSTEM "ra-api-1.dtd">
<resource-agent name="IPaddr2" version="1.0">
<version>1.0</version>
<longdesc lang="en">
A virtual IP address, IPv4 or IPv6, that lives on one node at a time. It is put on an interface
over netlink and made known to the neighbours by gratuitous ARP or unsolicited neighbour
advertisements: at once, for some seconds after, and whenever the link comes back.
Takes the parameters of ocf:heartbeat:IPaddr2.
</longdesc>
<shortdesc lang="en">Virtual IPv4 or IPv6 address (native, Linux)</shortdesc>
<parameters>
<parameter name="ip" unique="1" required="1">
<longdesc lang="en">
The address, for example 192.0.2.10 or 2001:db8::10.
</longdesc>
<shortdesc lang="en">IPv4 or IPv6 address</shortdesc>
<content type="string" default="" />
</parameter>
<parameter name="nic" unique="0">
<longdesc lang="en">
The interface that gets the address. Without it: the one whose network contains the address.
</longdesc>
<shortdesc lang="en">Network interface</shortdesc>
<content type="string" default="" />
</parameter>
<parameter name="cidr_netmask">
<longdesc lang="en">
Length of the network prefix, for example 24. Without it: that of the network which contains
the address.
</longdesc>
<shortdesc lang="en">Prefix length</shortdesc>
<content type="string" default="" />
</parameter>
<parameter name="broadcast">
<longdesc lang="en">
The broadcast address; + sets and - clears the host bits. Without it: as with +.
</longdesc>
<shortdesc lang="en">Broadcast address</shortdesc>
<content type="string" default="" />
</parameter>
<parameter name="iflabel">
<longdesc lang="en">
A label for the address, shown as interface:label. Both together have 15 characters at most.
</longdesc>
<shortdesc lang="en">Label</shortdesc>
<content type="string" default="" />
</parameter>
<parameter name="lvs_support">
<longdesc lang="en">
For LVS direct routing, IPv4: a stopped address moves to the loopback interface, where this node
goes on answering for it without announcing it.
</longdesc>
<shortdesc lang="en">LVS direct routing</shortdesc>
<content type="boolean" default="false" />
</parameter>
<parameter name="unique_clone_address">
<longdesc lang="en">
In a globally unique clone: each instance gets the address plus its instance number.
</longdesc>
<shortdesc lang="en">One address for each clone instance</shortdesc>
<content type="boolean" default="false" />
</parameter>
<parameter name="arp_interval">
<longdesc lang="en">
Milliseconds between the first announcements after a start or a link-up.
</longdesc>
<shortdesc lang="en">Interval of announcements in ms</shortdesc>
<content type="integer" default="200" />
</parameter>
<parameter name="arp_count">
<longdesc lang="en">
How many announcements go out at that interval. Later ones follow each second until ten seconds
have passed.
</longdesc>
<shortdesc lang="en">Number of announcements</shortdesc>
<content type="integer" default="5" />
</parameter>
<parameter name="arp_count_refresh">
<longdesc lang="en">
How many announcements each monitor sends as well.
</longdesc>
<shortdesc lang="en">Announcements with each monitor</shortdesc>
<content type="integer" default="0" />
</parameter>
<parameter name="arp_bg">
<longdesc lang="en">
Whether start returns after the first announcement (true) or after arp_count of them.
</longdesc>
<shortdesc lang="en">Announce in the background</shortdesc>
<content type="string" default="true" />
</parameter>
<parameter name="arp_sender">
<longdesc lang="en">
Accepted so that configurations for ocf:heartbeat:IPaddr2 can be used. This agent always sends
the packets itself, requests and replies both, and calls none of these programs.
</longdesc>
<shortdesc lang="en">Program that announces (not used)</shortdesc>
<content type="string" default="" />
</parameter>
<parameter name="send_arp_opts">
<longdesc lang="en">
Options for that program. -A and -U are accepted, because both kinds of packet are sent anyway.
</longdesc>
<shortdesc lang="en">Options of that program (not used)</shortdesc>
<content type="string" default="" />
</parameter>
<parameter name="flush_routes">
<longdesc lang="en">
Whether the kernel's route cache is flushed after the address is gone.
</longdesc>
<shortdesc lang="en">Flush the route cache on stop</shortdesc>
<content type="boolean" default="false" />
</parameter>
<parameter name="run_arping">
<longdesc lang="en">
IPv4: ask the segment for three seconds before the start and fail if somebody has the address.
</longdesc>
<shortdesc lang="en">Check for a duplicate before the start</shortdesc>
<content type="string" default="false" />
</parameter>
<parameter name="nodad">
<longdesc lang="en">
IPv6: use the address at once, without duplicate address detection (saves a second or two).
</longdesc>
<shortdesc lang="en">No duplicate address detection</shortdesc>
<content type="string" default="false" />
</parameter>
<parameter name="noprefixroute">
<longdesc lang="en">
Add no route to the network together with the address.
</longdesc>
<shortdesc lang="en">No route with the address</shortdesc>
<content type="string" default="false" />
</parameter>
<parameter name="preferred_lft">
<longdesc lang="en">
IPv6: seconds for which new connections may come from this address, or forever; 0 never.
</longdesc>
<shortdesc lang="en">Preferred lifetime</shortdesc>
<content type="string" default="forever" />
</parameter>
<parameter name="network_namespace">
<longdesc lang="en">
Name of an existing network namespace (ip netns) in which all of this happens.
</longdesc>
<shortdesc lang="en">Network namespace</shortdesc>
<content type="string" default="" />
</parameter>
</parameters>
<actions>
<action name="start" timeout="20s" />
<action name="stop" timeout="20s" />
<action name="status" timeout="20s" interval="10s" depth="0" />
<action name="monitor" timeout="20s" interval="10s" depth="0" />
<action name="validate-all" timeout="20s" />
<action name="meta-data" timeout="5s" />
</actions>
</resource-agent>
"#;
