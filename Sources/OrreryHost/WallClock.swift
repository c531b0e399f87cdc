internal import Glibc

/// The host's clock, for pacing a live run and for progress only: nothing it says may reach a machine or a trace.
public enum WallClock {
  /// Nanoseconds since an arbitrary moment, never running backwards.
  public static var nanoseconds: UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
  }
}
