//! The promises, checked from outside.

use crate::faults::Plan;
use crate::world::World;
use rhapsody_node::Operation;
use rhapsody_node::membership::view::ViewId;
use std::collections::BTreeMap;

pub struct Checks {
    pub violations: Vec<String>,
    /// Markers of changes that somebody was told are safe.
    pub acknowledged: Vec<String>,
    /// A device said done and did nothing: S1 holds no longer in this world.
    pub lied: bool,
    views: Vec<ViewId>,
    /// In this boot the machine has been in a view with all nodes, or with one that had.
    has_waited: Vec<bool>,
    /// Stood still for longer than token and has not been in a new view since.
    late: Vec<bool>,
    paused_at: Vec<Option<u64>>,
    /// Process crashes that nothing else disturbs: machine, from, to.
    crashes: Vec<(usize, u64, u64)>,
    faults: Vec<(u64, u64)>,
    /// (version) -> digest, of quorate nodes.
    digests: BTreeMap<(u64, u64), String>,
    token_ms: u64,
    fencing: bool,
    waits: bool,
    two_node: bool,
    nodes: usize,
    ignore: bool,
    /// Without quorum nothing is started (freeze goes on with what its partition had).
    no_starts: bool,
    calm_since: Option<u64>,
    /// Since when two parts without a common member believe in their quorum.
    split_since: Option<u64>,
    /// When something last went wrong with the machine, or with the whole network.
    hurt_at: Vec<u64>,
    network_hurt_at: u64,
    /// Moments in which nothing but the crash of a process was wrong.
    pub undisturbed: u64,
    /// The number of the view before the last step.
    pub view_before: u64,
}

impl Checks {
    pub fn new(plan: &Plan) -> Checks {
        let n = plan.nodes;
        Checks {
            violations: Vec::new(),
            acknowledged: Vec::new(),
            lied: false,
            views: vec![ViewId::default(); n],
            has_waited: vec![false; n],
            late: vec![false; n],
            paused_at: vec![None; n],
            crashes: Vec::new(),
            faults: Vec::new(),
            digests: BTreeMap::new(),
            token_ms: plan.token_ms,
            fencing: plan.fencing,
            waits: plan.quorum.waits_for_all(),
            two_node: plan.quorum.two_node,
            nodes: n,
            ignore: plan.policy == "ignore",
            no_starts: !matches!(plan.policy, "ignore" | "freeze"),
            calm_since: None,
            split_since: None,
            hurt_at: vec![0; n],
            network_hurt_at: 0,
            undisturbed: 0,
            view_before: 0,
        }
    }

    fn fail(world: &mut World, what: String) {
        if world.checks.violations.len() < 20 {
            let now = world.now;
            world.log.line(now, "!!!!", || what.clone());
            world.checks.violations.push(format!("{:.3}s {what}", now as f64 / 1000.0));
        }
    }

    /// A fault that is about this machine (or, without one, about the network) is on until `until`.
    pub fn hurt(&mut self, machine: Option<usize>, until: u64) {
        match machine {
            Some(m) => self.hurt_at[m] = self.hurt_at[m].max(until),
            None => self.network_hurt_at = self.network_hurt_at.max(until),
        }
    }

    pub fn booted(&mut self, m: usize) {
        self.has_waited[m] = false;
        self.late[m] = false;
    }

    pub fn powered_off(&mut self, m: usize) {
        self.has_waited[m] = false;
        self.late[m] = false;
        self.paused_at[m] = None;
        self.views[m] = ViewId::default();
    }

    pub fn left(&mut self, m: usize) {
        self.has_waited[m] = false;
        self.views[m] = ViewId::default();
    }

    pub fn paused(&mut self, m: usize, now: u64) {
        self.paused_at[m].get_or_insert(now);
    }

    pub fn resumed(&mut self, m: usize, now: u64) {
        if let Some(since) = self.paused_at[m].take() {
            // Its own measure begins at its last deadline, a beat at most after the pause began.
            if now - since > self.token_ms + self.token_ms / 10 + 30 {
                self.late[m] = true;
            }
        }
    }

    /// Another token is on its way to the machines: what is lenient counts.
    pub fn reconfigured(&mut self, token_ms: u64) {
        self.token_ms = self.token_ms.max(token_ms);
    }

    pub fn fault_at(&mut self, now: u64, lasts: u64) {
        self.faults.push((now, now + lasts));
    }

    pub fn process_crashed(&mut self, m: usize, now: u64, back: u64, token: u64) {
        if back < token / 2 {
            self.crashes.push((m, now, now + back + 3000));
        }
    }

    /// S8: the crash alone, with nothing else wrong near it, stops and starts nothing.
    fn undisturbed(world: &World, now: u64) -> bool {
        let checks = &world.checks;
        let Some((_, from, _)) = checks.crashes.iter().find(|(_, from, to)| (*from..*to).contains(&now))
        else {
            return false;
        };
        let near = |(a, b): &&(u64, u64)| *a < now && b + 6_000 > *from;
        checks.faults.iter().filter(near).count() == 1 && checks.calm_since.is_some_and(|at| at + 500 < *from)
    }

    /// Machines that nothing has been wrong with for a while.
    fn healthy(world: &World) -> Vec<usize> {
        let checks = &world.checks;
        let calm = 10_000;
        if world.now < checks.network_hurt_at + calm {
            return Vec::new();
        }
        (0..world.plan.nodes)
            .filter(|m| world.now > checks.hurt_at[*m] + calm && world.machines[*m].is_up())
            .collect()
    }

    /// After each step of a node.
    pub fn look(world: &mut World, m: usize) {
        let Some(process) = &world.machines[m].process else { return };
        let Some(id) = process.node.view_id() else { return };
        let quorate = process.node.is_quorate();
        let checks = &mut world.checks;
        if id != checks.views[m] {
            let Some(view) = process.node.belief().view else { return };
            let old = checks.views[m];
            checks.views[m] = view.id;
            checks.late[m] = false;
            if view.id < old {
                Self::fail(world, format!("n{} went back from view {old} to {}", m + 1, view.id));
                return;
            }
            let majority = Self::is_majority(world, m, &Self::healthy(world));
            if majority && !view.quorum.quorate && Self::healthy(world).contains(&m) {
                Self::fail(
                    world,
                    format!("n{} needlessly installed a view without quorum: {}", m + 1, view.id),
                );
                return;
            }
            let checks = &mut world.checks;
            let all = view.members.len() == checks.nodes;
            if all || view.members.keys().any(|id| checks.has_waited[*id as usize - 1]) {
                checks.has_waited[m] = true;
            }
        }
        let checks = &world.checks;
        if checks.waits && quorate && !checks.has_waited[m] {
            let text = format!("wait_for_all: n{} is quorate and has not seen all nodes in this boot", m + 1);
            Self::fail(world, text);
            world.checks.waits = false;
        }
    }

    /// Directly before an agent runs.
    pub fn executes(world: &mut World, m: usize, operation: &Operation) {
        if operation.resource.class != "ocf" {
            return;
        }
        let rises = matches!(operation.task.as_str(), "start" | "promote");
        let what = format!("{} {} on n{}", operation.task, operation.resource.id, m + 1);
        if rises {
            let belief = world.machines[m].process.as_ref().map(|p| p.node.belief());
            let view = belief.as_ref().and_then(|b| b.view.as_ref()).map(|v| v.id.counter);
            // Or ordered in the view that the same input made it leave.
            if view != Some(operation.view) && world.checks.view_before != operation.view {
                Self::fail(world, format!("S5: {what} of view {}, but the view is {view:?}", operation.view));
            }
            if world.checks.late[m] {
                Self::fail(world, format!("S5: {what} after a standstill, without a new view"));
            }
            let after = belief.as_ref().is_some_and(|b| b.view.is_some());
            if world.checks.no_starts && after && belief.is_some_and(|b| !b.quorate) {
                Self::fail(world, format!("S2: {what} without quorum"));
            }
        }
        let acts = rises || operation.task == "stop";
        if acts && Self::undisturbed(world, world.now) {
            Self::fail(world, format!("S8: {what} because of the crash of a process"));
        }
    }

    /// S1.
    pub fn becomes_active(world: &mut World, m: usize, rsc: &str) {
        if !world.checks.fencing || world.checks.lied {
            return;
        }
        let others: Vec<usize> = (0..world.plan.nodes)
            .filter(|o| *o != m && world.machines[*o].powered && world.machines[*o].active.contains(rsc))
            .collect();
        for other in others {
            Self::fail(world, format!("S1: {rsc} is active on n{} and n{}", m + 1, other + 1));
        }
    }

    pub fn periodic(world: &mut World) {
        for m in 0..world.plan.nodes {
            Self::quorum_is_real(world, m);
        }
        Self::one_quorum(world);
        if world.now % 200 != 0 {
            return;
        }
        if world.now % 1000 == 0 {
            for m in 0..world.plan.nodes {
                Self::key_tells_changes(world, m);
            }
        }
        for m in 0..world.plan.nodes {
            Self::same_configuration(world, m);
        }
        if Self::undisturbed(world, world.now) {
            world.checks.undisturbed += 1;
        }
        let calm = Self::settled(world).is_ok();
        let now = world.now;
        let since = &mut world.checks.calm_since;
        if calm {
            since.get_or_insert(now);
        } else {
            *since = None;
        }
    }

    /// S2: nobody believes in a quorum whose last packet is older than token.
    fn quorum_is_real(world: &mut World, m: usize) {
        let now = world.now;
        let machine = &world.machines[m];
        // What it finds out in the first moment after a pause it finds out in time.
        let paused = machine.paused_until.max(machine.process_paused_until);
        if now < paused + 20 || world.checks.two_node {
            return;
        }
        let Some(process) = &machine.process else { return };
        let token = process.node.layout().token_ms;
        let heard = machine.heard.iter().filter(|(_, at)| now.saturating_sub(**at) <= token + 20);
        let heard: Vec<usize> = heard.map(|(peer, _)| *peer).chain([m]).collect();
        let quorate = process.node.is_quorate();
        if quorate && !Self::is_majority(world, m, &heard) {
            let peers = heard.len() - 1;
            Self::fail(world, format!("S2: n{} believes in a quorum and hears {peers} peers", m + 1));
        }
    }

    /// By the votes of the corosync.conf that is in force on machine `m`.
    fn is_majority(world: &World, m: usize, machines: &[usize]) -> bool {
        let Some(process) = &world.machines[m].process else { return false };
        let peers = &process.node.layout().nodes;
        let of = |peer: &&rhapsody_node::Peer| machines.contains(&(peer.id as usize - 1));
        let votes: u32 = peers.iter().filter(of).map(|peer| peer.votes).sum();
        votes > peers.iter().map(|peer| peer.votes).sum::<u32>() / 2
    }

    /// Two parts without a common member do not both believe in their quorum, whatever
    /// corosync.conf each of them counts by; for a moment one may not know yet.
    fn one_quorum(world: &mut World) {
        if world.checks.two_node || world.checks.ignore {
            return;
        }
        let now = world.now;
        let believes = |machine: &crate::machine::Machine| {
            let paused = machine.paused_until.max(machine.process_paused_until);
            let process = machine.process.as_ref().filter(|_| now > paused + 20)?;
            let view = process.node.belief().view?;
            process.node.is_quorate().then_some(view.ids())
        };
        let parts: Vec<_> = world.machines.iter().filter_map(believes).collect();
        let split = parts.iter().any(|one| parts.iter().any(|other| one.is_disjoint(other)));
        let since = world.checks.split_since.take().unwrap_or(now);
        if split {
            world.checks.split_since = Some(since);
            if now > since + world.checks.token_ms + 100 {
                Self::fail(world, format!("S2: two parts believe in a quorum since {since} ms: {parts:?}"));
            }
        }
    }

    /// S3: quorate nodes with one version have one digest.
    fn same_configuration(world: &mut World, m: usize) {
        if world.checks.two_node {
            return;
        }
        let Some(process) = &world.machines[m].process else { return };
        if !process.node.is_quorate() {
            return;
        }
        let belief = process.node.belief();
        let known = world.checks.digests.entry(belief.config).or_insert_with(|| belief.digest.clone());
        if *known != belief.digest {
            let text = format!("S3: n{} holds another {:?} than a quorate node held", m + 1, belief.config);
            world.checks.digests.insert(belief.config, belief.digest);
            Self::fail(world, text);
        }
    }

    /// Whoever keeps what he made of a CIB finds out by its key that this has changed.
    fn key_tells_changes(world: &mut World, m: usize) {
        let Some(process) = &mut world.machines[m].process else { return };
        let now = (process.node.cib_key(), process.node.cib().to_xml());
        let before = process.known.replace(now.clone());
        if before.is_some_and(|(key, text)| key == now.0 && text != now.1) {
            Self::fail(world, format!("the CIB of n{} has changed and its key has not", m + 1));
        }
    }

    /// L1: everybody is in, agrees, and everything runs once.
    pub fn settled(world: &World) -> Result<(), String> {
        let mut first: Option<rhapsody_node::Belief> = None;
        for (m, machine) in world.machines.iter().enumerate() {
            let Some(process) = &machine.process else { return Err(format!("n{} is down", m + 1)) };
            let belief = process.node.belief();
            let Some(view) = &belief.view else { return Err(format!("n{} is in no view", m + 1)) };
            if view.members.len() != world.plan.nodes {
                return Err(format!("n{} is in view {} of {:?}", m + 1, view.id, view.members.keys()));
            }
            if !belief.quorate {
                return Err(format!("n{} is not quorate", m + 1));
            }
            if let Some(first) = &first {
                if first.view != belief.view || first.digest != belief.digest || first.config != belief.config
                {
                    return Err(format!("n{} and n1 differ: {:?} {:?}", m + 1, first.config, belief.config));
                }
                if first.layout != belief.layout {
                    return Err(format!("n{} has another corosync.conf: {}", m + 1, belief.layout));
                }
            }
            if view.dc == machine.id && !belief.idle {
                return Err(format!("n{} has work to do", m + 1));
            }
            first.get_or_insert(belief);
        }
        for rsc in &world.plan.resources {
            let on: Vec<&str> = world
                .machines
                .iter()
                .filter(|m| m.powered && m.active.contains(rsc))
                .map(|m| m.name.as_str())
                .collect();
            if on.len() != 1 {
                return Err(format!("{rsc} is active on {on:?}"));
            }
        }
        Ok(())
    }

    /// Somebody is told that his change is on too few disks: then it is not in force where he asked.
    /// (A part that was cut off with it in that moment may still bring it back with the merge.)
    pub fn refused(world: &mut World, m: usize, marker: &str) {
        let there = world.machines[m]
            .process
            .as_ref()
            .is_some_and(|p| p.node.configuration().to_xml().contains(&format!("name=\"{marker}\"")));
        if there {
            Self::fail(world, format!("S3: {marker} was refused and is in force"));
        }
    }

    /// After everything has settled: what was acknowledged is there.
    pub fn finally(world: &mut World) {
        let Some(process) = &world.machines[0].process else { return };
        let text = process.node.configuration().to_xml();
        let missing: Vec<String> = world
            .checks
            .acknowledged
            .iter()
            .filter(|marker| {
                let name = format!("name=\"{marker}\"");
                let kept = || world.kept.iter().any(|k| k.contains(&name));
                !text.contains(&name) && !((world.checks.two_node || world.checks.ignore) && kept())
            })
            .cloned()
            .collect();
        for marker in missing {
            Self::fail(world, format!("S3: {marker} was acknowledged and is gone"));
        }
    }

    pub fn calm_for(&self, now: u64) -> u64 {
        self.calm_since.map_or(0, |at| now - at)
    }
}
