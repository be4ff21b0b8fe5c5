"""The system calls that no honest file makes, by purpose: of all that are refused, these are also reported.

Ordinary habits are not among them: saving or listing files, importing what needs a network, starting a thread or, by
`os.system` or `subprocess`, a program.
"""

# What for -> name, number on x86_64, number on aarch64 ("-" where it never had the call).
REPORTED = {
    # Of the local kind only the C library makes some by itself, to look up a user's name.
    "open a network connection": "socket 41 198",
    # By fork: threads and programs are started otherwise (see seccomp.py).
    "start a process": "clone 56 220  fork 57 -",
    "become another program": "execve 59 221  execveat 322 281",
    # abort() signals its own process, which watch.py leaves out.
    "signal another process": """
        kill 62 129  tkill 200 130  tgkill 234 131  rt_sigqueueinfo 129 138  rt_tgsigqueueinfo 297 240
        pidfd_send_signal 424 424
    """,
    "look into another process": """
        ptrace 101 117  process_vm_readv 310 270  process_vm_writev 311 271  pidfd_open 434 434  pidfd_getfd 438 438
        kcmp 312 272
    """,
    "become another user": """
        setuid 105 146  setgid 106 144  setreuid 113 145  setregid 114 143  setresuid 117 147  setresgid 119 149
        setgroups 116 159  setfsuid 122 151  setfsgid 123 152  capset 126 91
    """,
    "see another file system": """
        unshare 272 97  setns 308 268  chroot 161 51  pivot_root 155 41  mount 165 40  umount2 166 39
        move_mount 429 429  open_tree 428 428  fsopen 430 430  open_by_handle_at 304 265
    """,
    # Of prctl only what would undo the restrictions: threads and memory get their names by it.
    "lift its restrictions": """
        prctl 157 167  seccomp 317 277  landlock_create_ruleset 444 444  landlock_restrict_self 446 446
    """,
    "leave something behind in memory": """
        memfd_create 319 279  memfd_secret 447 447  shmget 29 194  shmat 30 196  msgget 68 186  semget 64 190
        mq_open 240 180
    """,
    "reach into the kernel": """
        bpf 321 280  perf_event_open 298 241  userfaultfd 323 282  io_uring_setup 425 425  io_setup 206 0
        keyctl 250 219  add_key 248 217  request_key 249 218  init_module 175 105  finit_module 313 273
        delete_module 176 106  kexec_load 246 104  reboot 169 142  swapon 167 224  acct 163 89  syslog 103 116
        quotactl 179 60  sethostname 170 161  settimeofday 164 170  clock_settime 227 112  iopl 172 -  ioperm 173 -
        modify_ldt 154 -
    """,
}


def in_words(calls: "tuple[str, ...]") -> str:
    """What a file tried by these calls, as in "signal another process (kill), become another user (setuid, setgid)"."""
    found = []
    for purpose, table in REPORTED.items():
        names = [name for name in table.split()[::3] if name in calls]
        if names:
            found.append(f"{purpose} ({', '.join(names)})")
    return ", ".join(found)
