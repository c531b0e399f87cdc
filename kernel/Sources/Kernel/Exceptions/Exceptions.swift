/// Exceptions: descriptor tables, so that from here on no fault resets the machine (Intel SDM vol. 3A, chapter 6).
package enum Exceptions {
  package static func start() {
    GlobalDescriptorTable.load()
    InterruptDescriptorTable.load()
  }
}
