//! Landlock, and the order of the parts.

#[cfg(any(target_arch = "aarch64", target_arch = "x86_64"))]
mod calls;

use landlock::{
    ABI, Access, AccessFs, AccessNet, BitFlags, CompatLevel, Compatible, LandlockStatus, NetPort,
    RestrictionStatus, Ruleset, RulesetAttr, RulesetCreatedAttr, RulesetError, RulesetStatus,
    Scope, make_bitflags, path_beneath_rules,
};
use rustix::{
    io,
    thread::{CapabilitySet, CapabilitySets, capabilities, set_capabilities, set_no_new_privs},
};

use super::{Bounds, Calls, InForce};

/// Filters are made of numbers, which differ between processors.
#[cfg(not(any(target_arch = "aarch64", target_arch = "x86_64")))]
mod calls {
    pub(super) fn restrict(_calls: super::super::Calls) -> Result<(), String> {
        Err("there is no filter for this processor".to_owned())
    }
}

/// The version whose every right was tried here. Of an older kernel, what it has is used; of a newer one, no more than
/// this.
const TRIED: ABI = ABI::V7;

/// What a server that was started as root keeps: its folders may belong to somebody else, and its ports may be low ones.
const SERVER: CapabilitySet = CapabilitySet::CHOWN
    .union(CapabilitySet::DAC_OVERRIDE)
    .union(CapabilitySet::DAC_READ_SEARCH)
    .union(CapabilitySet::FOWNER)
    .union(CapabilitySet::NET_BIND_SERVICE);

pub(super) fn enforce(bounds: &Bounds) -> InForce {
    let privileges = set_no_new_privs(true).and_then(|()| drop_capabilities(bounds.calls));
    let privileges = privileges.map_err(|error| error.to_string());
    let files = match restrict(bounds) {
        Ok(status) => version(&status),
        Err(error) => Err(error.to_string()),
    };
    // Last, because the filter may refuse the calls of the other two.
    let calls = calls::restrict(bounds.calls);
    InForce {
        privileges,
        files,
        calls,
    }
}

/// Root's powers, one by one. Without them root is a user who owns some files; no program can bring them back.
fn drop_capabilities(calls: Calls) -> io::Result<()> {
    let kept = match calls {
        Calls::Serve => SERVER,
        Calls::Convert | Calls::Compute => CapabilitySet::empty(),
    };
    let has = capabilities(None)?;
    let sets = CapabilitySets {
        effective: has.effective & kept,
        permitted: has.permitted & kept,
        inheritable: CapabilitySet::empty(),
    };
    set_capabilities(None, sets)
}

fn restrict(bounds: &Bounds) -> Result<RestrictionStatus, RulesetError> {
    let readable = make_bitflags!(AccessFs::{ReadFile | ReadDir});
    let runnable = readable | AccessFs::Execute;
    let writable = readable
        | make_bitflags!(AccessFs::{
            WriteFile | Truncate | RemoveFile | RemoveDir | MakeReg | MakeDir | Refer
        });
    let mut ruleset = Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::from_all(TRIED))?
        .scope(Scope::from_all(TRIED))?;
    if bounds.listens.is_some() {
        ruleset = ruleset.handle_access(AccessNet::BindTcp)?;
    }
    if bounds.connects.is_some() {
        ruleset = ruleset.handle_access(AccessNet::ConnectTcp)?;
    }
    let ports = |ports: &Option<Vec<u16>>, access: BitFlags<AccessNet>| {
        let ports = ports.clone().unwrap_or_default().into_iter();
        ports.map(move |port| Ok::<_, RulesetError>(NetPort::new(port, access)))
    };
    ruleset
        .create()?
        .add_rules(path_beneath_rules(&bounds.readable, readable))?
        .add_rules(path_beneath_rules(&bounds.runnable, runnable))?
        .add_rules(path_beneath_rules(&bounds.writable, writable))?
        .add_rules(ports(&bounds.listens, AccessNet::BindTcp.into()))?
        .add_rules(ports(&bounds.connects, AccessNet::ConnectTcp.into()))?
        .restrict_self()
}

/// The version of Landlock that restricts this thread now.
fn version(status: &RestrictionStatus) -> Result<i32, String> {
    match status.landlock {
        LandlockStatus::NotImplemented => Err("this kernel has no Landlock".to_owned()),
        LandlockStatus::NotEnabled => Err("Landlock is switched off in this kernel".to_owned()),
        LandlockStatus::Available { .. } if status.ruleset == RulesetStatus::NotEnforced => {
            Err("Landlock restricts nothing".to_owned())
        }
        LandlockStatus::Available {
            effective_abi,
            kernel_abi,
        } => Ok(kernel_abi.unwrap_or(effective_abi as i32)),
    }
}
