//! The filters of system calls. A refused call fails with an error; nothing is killed.

use std::collections::BTreeMap;

use seccompiler::{BpfProgram, SeccompAction, SeccompFilter, TargetArch, apply_filter};

use super::super::Calls;

/// No process of ours makes these: they change the machine, look into other processes, make namespaces, or do what other
/// calls do without being seen by Landlock or by a filter.
const NEVER: [i64; 56] = [
    // The machine: its clock, name, disks, modules, and its end.
    libc::SYS_acct,
    libc::SYS_adjtimex,
    libc::SYS_clock_adjtime,
    libc::SYS_clock_settime,
    libc::SYS_delete_module,
    libc::SYS_finit_module,
    libc::SYS_init_module,
    libc::SYS_kexec_file_load,
    libc::SYS_kexec_load,
    libc::SYS_quotactl,
    libc::SYS_reboot,
    libc::SYS_setdomainname,
    libc::SYS_sethostname,
    libc::SYS_settimeofday,
    libc::SYS_swapoff,
    libc::SYS_swapon,
    libc::SYS_syslog,
    libc::SYS_vhangup,
    // What is where: mounts and namespaces.
    libc::SYS_chroot,
    libc::SYS_fsconfig,
    libc::SYS_fsmount,
    libc::SYS_fsopen,
    libc::SYS_fspick,
    libc::SYS_mount,
    libc::SYS_mount_setattr,
    libc::SYS_move_mount,
    libc::SYS_name_to_handle_at,
    libc::SYS_open_by_handle_at,
    libc::SYS_open_tree,
    libc::SYS_pivot_root,
    libc::SYS_setns,
    libc::SYS_umount2,
    libc::SYS_unshare,
    // Other processes, and who we are.
    libc::SYS_kcmp,
    libc::SYS_personality,
    libc::SYS_pidfd_getfd,
    libc::SYS_process_madvise,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_ptrace,
    libc::SYS_setfsgid,
    libc::SYS_setfsuid,
    libc::SYS_setgid,
    libc::SYS_setgroups,
    libc::SYS_setresgid,
    libc::SYS_setresuid,
    libc::SYS_setuid,
    // Parts of the kernel with many faults in the past, or that no filter sees into.
    libc::SYS_add_key,
    libc::SYS_bpf,
    libc::SYS_io_uring_enter,
    libc::SYS_io_uring_register,
    libc::SYS_io_uring_setup,
    libc::SYS_keyctl,
    libc::SYS_perf_event_open,
    libc::SYS_request_key,
    libc::SYS_userfaultfd,
];
/// Every way to a socket; also one that another process would send needs one.
const SOCKETS: [i64; 2] = [libc::SYS_socket, libc::SYS_socketpair];

/// What the C library and the standard library do for memory, threads, their end, and open files.
const COMPUTE: [i64; 54] = [
    libc::SYS_brk,
    libc::SYS_madvise,
    libc::SYS_membarrier,
    libc::SYS_mincore,
    libc::SYS_mmap,
    libc::SYS_mprotect,
    libc::SYS_mremap,
    libc::SYS_munmap,
    libc::SYS_clone,
    libc::SYS_clone3,
    libc::SYS_exit,
    libc::SYS_exit_group,
    libc::SYS_futex,
    libc::SYS_get_robust_list,
    libc::SYS_set_robust_list,
    libc::SYS_set_tid_address,
    libc::SYS_rseq,
    libc::SYS_prctl,
    libc::SYS_sched_getaffinity,
    libc::SYS_sched_getparam,
    libc::SYS_sched_getscheduler,
    libc::SYS_sched_yield,
    libc::SYS_restart_syscall,
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_sigaltstack,
    libc::SYS_tgkill,
    libc::SYS_clock_getres,
    libc::SYS_clock_gettime,
    libc::SYS_clock_nanosleep,
    libc::SYS_gettimeofday,
    libc::SYS_nanosleep,
    libc::SYS_getcpu,
    libc::SYS_geteuid,
    libc::SYS_getpid,
    libc::SYS_getppid,
    libc::SYS_getrandom,
    libc::SYS_getrusage,
    libc::SYS_gettid,
    libc::SYS_getuid,
    libc::SYS_prlimit64,
    libc::SYS_sysinfo,
    libc::SYS_uname,
    libc::SYS_close,
    libc::SYS_dup,
    libc::SYS_fcntl,
    libc::SYS_fstat,
    libc::SYS_lseek,
    libc::SYS_ppoll,
    libc::SYS_read,
    libc::SYS_readv,
    libc::SYS_write,
    libc::SYS_writev,
];

/// On x86-64 every call has a second number, of the x32 variant, which the same kernel may take.
const X32: i64 = 0x4000_0000;

pub(super) fn restrict(calls: Calls) -> Result<(), String> {
    filter(calls)
        .and_then(|program| apply_filter(&program))
        .map_err(|error| error.to_string())
}

fn filter(calls: Calls) -> Result<BpfProgram, seccompiler::Error> {
    let denied = SeccompAction::Errno(libc::EPERM.unsigned_abs());
    // The C library knows what to do without a call that is missing, but not without a forbidden one.
    let missing = SeccompAction::Errno(libc::ENOSYS.unsigned_abs());
    let (numbers, others, these): (Vec<i64>, _, _) = match calls {
        Calls::Serve => (NEVER.to_vec(), SeccompAction::Allow, denied),
        Calls::Convert => (
            [&NEVER[..], &SOCKETS].concat(),
            SeccompAction::Allow,
            denied,
        ),
        Calls::Compute => (COMPUTE.to_vec(), missing, SeccompAction::Allow),
    };
    let doubled = cfg!(target_arch = "x86_64") && calls != Calls::Compute;
    let twins = numbers
        .iter()
        .filter(|_| doubled)
        .map(|number| number | X32);
    let rules: BTreeMap<_, _> = twins
        .chain(numbers.iter().copied())
        .map(|number| (number, Vec::new()))
        .collect();
    let machine = match cfg!(target_arch = "aarch64") {
        true => TargetArch::aarch64,
        false => TargetArch::x86_64,
    };
    Ok(SeccompFilter::new(rules, others, these, machine)?.try_into()?)
}
