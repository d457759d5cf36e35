//! `ocf:rhapsody:IPaddr2`: a virtual IPv4 or IPv6 address, over netlink.
//!
//! Same parameters and exit codes as `ocf:heartbeat:IPaddr2`, without a shell. Where it differs on
//! purpose: monitor and stop go by the address itself and not by the route that would be chosen
//! today, so an address is found and removed also after routes or the netmask have changed (an
//! address that answers is active, whatever its prefix).

pub mod announce;
mod metadata;
mod netlink;
mod packet;
mod params;
mod raw;

use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags};

use crate::ocf::{Env, Exit, Failure, Outcome, refuse_unknown};
use crate::unimplemented;
use netlink::{Held, Link, Netlink, NewAddress};
use packet::{Announcer, Prober};
use params::{Params, Place};

/// Duplicate address detection of the kernel may take so long.
const DAD_WAIT: Duration = Duration::from_secs(10);

pub fn run(action: &str, env: &Env) -> Outcome {
    match action {
        "meta-data" => {
            print!("{}", metadata::TEXT);
            Ok(Exit::Success)
        }
        "start" => start(env),
        "stop" => stop(env),
        "monitor" | "status" => monitor(env),
        "validate-all" => {
            refuse_unknown(env, "IPaddr2", params::NAMES)?;
            let params = Params::read(env)?;
            enter_namespace(env)?;
            if let Some(nic) = &params.nic {
                link_named(&mut open()?, nic)?;
            }
            Ok(Exit::Success)
        }
        _ => {
            Err(unimplemented("IPaddr2", action, "start, stop, monitor, status, validate-all and meta-data"))
        }
    }
}

fn start(env: &Env) -> Outcome {
    let params = Params::read(env)?;
    enter_namespace(env)?;
    let mut netlink = open()?;
    let (link, prefix) = choose(&mut netlink, &params)?;
    let held = holders(&mut netlink, params.ip)?;
    if !held.iter().any(|h| h.index == link.index) {
        if params.lvs_support {
            for h in held.iter().filter(|h| h.prefix == 32) {
                if is_loopback(&mut netlink, h)? {
                    netlink.remove_address(h).map_err(failed("cannot take the address off lo"))?;
                }
            }
        }
        if params.collision_check {
            check_collision(&params, &link)?;
        }
        if !link.up {
            netlink.set_up(link.index).map_err(failed(&format!("cannot bring {} up", link.name)))?;
        }
        add(&mut netlink, &params, &link, prefix)?;
    }
    wait_for_dad(&mut netlink, &params, &link)?;
    tell_the_segment(env, &params, &link)?;
    Ok(Exit::Success)
}

fn stop(env: &Env) -> Outcome {
    // What could never be started is stopped.
    let Ok(place) = Place::read(env) else {
        return Ok(Exit::Success);
    };
    if enter_namespace(env).is_err() {
        return Ok(Exit::Success); // and so is what lived in a namespace that is gone
    }
    let mut netlink = open()?;
    let links = active_on(&mut netlink, &place)?;
    for (held, link) in &links {
        announce::end(&announce::file(&env.tmp_dir(), place.ip, &link.name));
        netlink
            .remove_address(held)
            .map_err(failed(&format!("cannot remove {} from {}", place.ip, link.name)))?;
    }
    if let Some((held, link)) = active_on(&mut netlink, &place)?.first() {
        return Err(Failure::generic(format!("{} is still on {} after it was removed", held.ip, link.name)));
    }
    if !links.is_empty() && env.flag("flush_routes", false) {
        let file = match place.ip {
            IpAddr::V4(_) => "/proc/sys/net/ipv4/route/flush",
            IpAddr::V6(_) => "/proc/sys/net/ipv6/route/flush",
        };
        std::fs::write(file, "1").map_err(failed("cannot flush the routes"))?;
    }
    if !links.is_empty() && env.flag("lvs_support", false) {
        back_to_loopback(&mut netlink, place.ip)?;
    }
    Ok(Exit::Success)
}

fn monitor(env: &Env) -> Outcome {
    let place = Place::read(env)?;
    enter_namespace(env)?;
    let mut netlink = open()?;
    let links = active_on(&mut netlink, &place)?;
    let Some((held, link)) = links.first() else {
        if env.is_probe() {
            return Ok(Exit::NotRunning);
        }
        return Err(Failure::new(
            Exit::NotRunning,
            match &place.nic {
                Some(nic) => format!("{} is not on {nic}", place.ip),
                None => format!("{} is on no interface", place.ip),
            },
        ));
    };
    if held.dad_failed {
        return Err(Failure::generic(format!(
            "{} is on {}, but another machine has it too (duplicate address detection)",
            place.ip, link.name
        )));
    }
    let refresh = env.number("arp_count_refresh", 0)?;
    if refresh > 0
        && let Some(mac) = link.mac
    {
        let announcer =
            Announcer::open(link.index, place.ip, mac).map_err(failed("cannot open a packet socket"))?;
        for _ in 0..refresh.min(100) {
            let _ = announcer.announce();
        }
    }
    Ok(Exit::Success)
}

/// Where the address is active: on the given interface, or on any that is not the loopback (there
/// `lvs_support` parks it) unless it is a loopback address.
fn active_on(netlink: &mut Netlink, place: &Place) -> Result<Vec<(Held, Link)>, Failure> {
    let mut active = Vec::new();
    for held in holders(netlink, place.ip)? {
        let Some(link) = netlink.link_by_index(held.index).map_err(failed("cannot read the interfaces"))?
        else {
            continue;
        };
        let wanted = match &place.nic {
            Some(nic) => *nic == link.name,
            None => !link.loopback || place.ip.is_loopback(),
        };
        if wanted {
            active.push((held, link));
        }
    }
    Ok(active)
}

/// The interface and prefix: as given, else from the best route that leads to the address.
fn choose(netlink: &mut Netlink, params: &Params) -> Result<(Link, u8), Failure> {
    let routes = netlink.routes_to(params.ip).map_err(failed("cannot read the routes"))?;
    let given = match &params.nic {
        Some(nic) => Some(link_named(netlink, nic)?),
        None => None,
    };
    let on_nic = |index: u32| given.as_ref().is_none_or(|l| l.index == index);
    // A route with a prefix says which network the address belongs to; the default does not.
    let network = routes.iter().find(|r| r.prefix > 0 && r.direct && on_nic(r.index));
    let best = network.or_else(|| routes.iter().find(|r| on_nic(r.index)));
    let Some(prefix) = params.prefix.or(network.map(|r| r.prefix)) else {
        return Err(Failure::generic(format!(
            "no directly connected network contains {}{}; give cidr_netmask{}",
            params.ip,
            given.map(|l| format!(" on {}", l.name)).unwrap_or_default(),
            if params.nic.is_none() { " and nic" } else { "" },
        )));
    };
    if let Some(link) = given {
        return Ok((link, prefix));
    }
    let link = match best {
        Some(route) => netlink.link_by_index(route.index).map_err(failed("cannot read the interfaces"))?,
        None if params.ip.is_loopback() => {
            netlink.link_by_name("lo").map_err(failed("cannot read the interfaces"))?
        }
        None => None,
    };
    link.map(|l| (l, prefix)).ok_or_else(|| {
        Failure::generic(format!("no route leads to {}, so no interface can be chosen; give nic", params.ip))
    })
}

fn add(netlink: &mut Netlink, params: &Params, link: &Link, prefix: u8) -> Result<(), Failure> {
    let label = match &params.label {
        Some(label) if params.ip.is_ipv4() => Some(params::full_label(&link.name, label)?),
        _ => None,
    };
    let new = NewAddress {
        index: link.index,
        ip: params.ip,
        prefix,
        broadcast: params::broadcast(params.broadcast, params.ip, prefix),
        label,
        no_dad: params.no_dad && params.ip.is_ipv6(),
        no_prefix_route: params.no_prefix_route,
        preferred_s: params.preferred_s.filter(|_| params.ip.is_ipv6()),
    };
    match netlink.add_address(&new) {
        Err(e) if e.raw_os_error() != Some(libc::EEXIST) => {
            let what = format!("cannot add {}/{prefix} to {}", params.ip, link.name);
            Err(failed(&what)(e))
        }
        _ => Ok(()),
    }
}

/// An IPv6 address is of no use before the kernel has made sure that nobody else has it.
fn wait_for_dad(netlink: &mut Netlink, params: &Params, link: &Link) -> Result<(), Failure> {
    if params.ip.is_ipv4() || params.no_dad {
        return Ok(());
    }
    let end = Instant::now() + DAD_WAIT;
    loop {
        let held = holders(netlink, params.ip)?;
        let Some(here) = held.iter().find(|h| h.index == link.index) else {
            return Err(Failure::generic(format!(
                "{} vanished from {} while it was added",
                params.ip, link.name
            )));
        };
        if here.dad_failed {
            netlink.remove_address(here).map_err(failed("cannot remove the duplicate address"))?;
            return Err(Failure::generic(format!(
                "another machine on {} has {} already",
                link.name, params.ip
            )));
        }
        if !here.tentative || Instant::now() >= end {
            return Ok(());
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn tell_the_segment(env: &Env, params: &Params, link: &Link) -> Result<(), Failure> {
    let Some(mac) = link.mac.filter(|_| !link.loopback) else {
        return Ok(());
    };
    let announcer =
        Announcer::open(link.index, params.ip, mac).map_err(failed("cannot open a packet socket"))?;
    // A link without carrier refuses; the background sender waits for it.
    let _ = announcer.announce();
    let interval = Duration::from_millis(u64::from(params.arp_interval_ms));
    if !params.arp_background {
        for _ in 1..params.arp_count {
            std::thread::sleep(interval);
            let _ = announcer.announce();
        }
    }
    let plan = announce::Plan {
        index: link.index,
        ip: params.ip,
        count: if params.arp_background { params.arp_count } else { 1 },
        interval,
        file: announce::file(&env.tmp_dir(), params.ip, &link.name),
    };
    // The address is up and has been announced once; a node that cannot start a process is no
    // reason to take it down again, but people should know.
    if let Err(e) = announce::spawn(&plan, announcer) {
        eprintln!("WARNING: {} is announced once only: {e}", params.ip);
    }
    Ok(())
}

/// Asks the segment for up to three seconds whether the address is taken.
fn check_collision(params: &Params, link: &Link) -> Result<(), Failure> {
    let (IpAddr::V4(ip), Some(mac)) = (params.ip, link.mac) else {
        return Ok(());
    };
    let prober = Prober::open(link.index, ip, mac).map_err(failed("cannot open a packet socket"))?;
    let taken = |ip: Ipv4Addr, mac: [u8; 6]| {
        let mac = mac.map(|b| format!("{b:02x}")).join(":");
        Failure::generic(format!("{ip} is already used on {} by {mac}", link.name))
    };
    for wait in [1000, 1000, 1000] {
        let _ = prober.ask();
        let end = Instant::now() + Duration::from_millis(wait);
        while let left = end.saturating_duration_since(Instant::now())
            && !left.is_zero()
        {
            announce::wait(&[PollFd::new(prober.fd(), PollFlags::IN)], left);
            if let Some(mac) = prober.answer() {
                return Err(taken(ip, mac));
            }
        }
    }
    Ok(())
}

fn back_to_loopback(netlink: &mut Netlink, ip: IpAddr) -> Result<(), Failure> {
    let lo = link_named(netlink, "lo")?;
    let new = NewAddress {
        index: lo.index,
        ip,
        prefix: 32,
        broadcast: None,
        label: None,
        no_dad: false,
        no_prefix_route: false,
        preferred_s: None,
    };
    match netlink.add_address(&new) {
        Err(e) if e.raw_os_error() != Some(libc::EEXIST) => Err(failed("cannot put the address on lo")(e)),
        _ => Ok(()),
    }
}

fn is_loopback(netlink: &mut Netlink, held: &Held) -> Result<bool, Failure> {
    Ok(netlink
        .link_by_index(held.index)
        .map_err(failed("cannot read the interfaces"))?
        .is_some_and(|l| l.loopback))
}

fn link_named(netlink: &mut Netlink, name: &str) -> Result<Link, Failure> {
    netlink
        .link_by_name(name)
        .map_err(failed("cannot read the interfaces"))?
        .ok_or_else(|| Failure::configured(format!("there is no interface {name} on this node")))
}

fn holders(netlink: &mut Netlink, ip: IpAddr) -> Result<Vec<Held>, Failure> {
    netlink.holders(ip).map_err(failed("cannot read the addresses"))
}

fn open() -> Result<Netlink, Failure> {
    Netlink::open().map_err(failed("cannot open a netlink socket"))
}

/// `network_namespace` names one made by `ip netns add`; this process moves there.
fn enter_namespace(env: &Env) -> Result<(), Failure> {
    let Some(name) = env.get("network_namespace") else {
        return Ok(());
    };
    if name.contains('/') {
        return Err(Failure::configured(format!("network_namespace={name} is not a name")));
    }
    let path = format!("/run/netns/{name}");
    let file = std::fs::File::open(&path).map_err(|e| {
        Failure::new(Exit::Installed, format!("there is no network namespace {name} ({path}: {e})"))
    })?;
    rustix::thread::move_into_link_name_space(
        std::os::fd::AsFd::as_fd(&file),
        Some(rustix::thread::LinkNameSpaceType::Network),
    )
    .map_err(|e| failed(&format!("cannot enter network namespace {name}"))(e.into()))
}

/// Turns a system error into the exit code that fits it.
fn failed(what: &str) -> impl Fn(io::Error) -> Failure {
    move |e| {
        let exit = match e.kind() {
            io::ErrorKind::PermissionDenied => Exit::Permission,
            _ => Exit::Generic,
        };
        Failure::new(exit, format!("{what}: {e}"))
    }
}
