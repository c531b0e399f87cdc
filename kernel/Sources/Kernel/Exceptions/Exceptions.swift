/// Exceptions: descriptor tables, so that from here on no fault resets the machine.
package enum Exceptions {
  package static func start() {
    GlobalDescriptorTable.load()
    InterruptDescriptorTable.load()
  }
}
