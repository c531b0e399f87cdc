internal import Glibc

/// Whether the program was started to ignore the signal, as by `nohup`, or ignores it since.
func isIgnored(signal number: Int32) -> Bool {
  var action = sigaction()
  // SIG_IGN as a number: functions cannot be compared.
  return sigaction(number, nil, &action) == 0 && unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self) == 1
}
