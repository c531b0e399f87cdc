internal import Glibc

/// What a command line tool sets right in its process before it does anything.
public enum HostProcess {
  /// Makes failures to write come back as errors.
  ///
  /// - A write beyond the shell's limit on file sizes (`ulimit -f`) fails like one to a full disk, rather than ending the process.
  /// - A standard stream that the caller closed is held by a descriptor that cannot be used, or the next file opened would take its number
  ///   and receive what was meant for the stream.
  public static func prepare() {
    signal(SIGXFSZ, SIG_IGN)
    for descriptor in [STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO] where fcntl(descriptor, F_GETFD) < 0 {
      // The lowest number that is free is this one. What is opened is of no use on purpose: to write to it fails with EBADF.
      _ = open("/dev/null", descriptor == STDIN_FILENO ? O_WRONLY : O_RDONLY)
    }
  }

  /// Tells this build of the program from others: the size of its file and when it was written. Empty where the host does not say.
  public static var identity: String {
    var status = stat()
    guard stat("/proc/self/exe", &status) == 0 else { return "" }
    return "\(status.st_size) \(status.st_mtim.tv_sec).\(status.st_mtim.tv_nsec)"
  }

  /// The number that tells it from other processes.
  public static var id: Int32 { getpid() }
}
