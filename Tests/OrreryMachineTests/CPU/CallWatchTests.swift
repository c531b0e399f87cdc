import OrreryBase
import Testing

@testable import OrreryMachine

struct CallWatchTests {
  private typealias Guest = LongModeGuest

  private func guest(_ code: [UInt8], probes: [CallProbe]) -> Guest {
    Guest(code) { $0.callProbes = probes }
  }

  @Test func aCallAndItsReturnAreRecordedWithTheirValues() {
    // mov edi, 5; mov esi, 0x9000; call +1; hlt; f: mov [rsi], rdi; lea eax, [rdi + 2]; ret
    let code: [UInt8] = [
      0xBF, 5, 0, 0, 0, 0xBE, 0, 0x90, 0, 0, 0xE8, 1, 0, 0, 0, 0xF4, 0x48, 0x89, 0x3E, 0x8D, 0x47, 2, 0xC3,
    ]
    let guest = guest(code, probes: [CallProbe(address: LinearAddress(Guest.code + 16), outPointerRegister: 6)])
    #expect(guest.run(steps: 50) == .idle)
    #expect(guest.machine.steps == 7)
    let records = guest.records()
    let call = records.first { $0.kind == .call }
    #expect(call?.value0 == 5 && call?.value1 == 0x9000)
    #expect(call?.value5 == Guest.stackTop - 8 && call?.value6 == Guest.code + 15)
    #expect(call?.rip == Guest.code + 16 && call?.clock == 3)
    let end = records.first { $0.kind == .callReturn }
    #expect(end?.value0 == 7 && end?.value1 == 5 && end?.value2 == 1 && end?.value3 == Guest.stackTop - 8)
    #expect(end?.rip == Guest.code + 15 && end?.clock == 6)
  }

  @Test func tailCallsReturnTogetherInnermostFirst() {
    // call f; hlt; f: jmp g; g: ret
    let code: [UInt8] = [0xE8, 1, 0, 0, 0, 0xF4, 0xEB, 0, 0xC3]
    let guest = guest(
      code,
      probes: [CallProbe(address: LinearAddress(Guest.code + 6)), CallProbe(address: LinearAddress(Guest.code + 8))])
    guest.run(steps: 50)
    let records = guest.records().filter { $0.kind == .call || $0.kind == .callReturn }
    #expect(records.map(\.detail) == [0, 1, 1, 0])
    #expect(records.map(\.kind) == [.call, .call, .callReturn, .callReturn])
  }

  @Test func recursionReturnsInReverse() {
    // mov ecx, 3; call f; hlt; f: dec ecx; jz end; call f; end: ret
    let code: [UInt8] = [
      0xB9, 3, 0, 0, 0, 0xE8, 1, 0, 0, 0, 0xF4, 0xFF, 0xC9, 0x74, 5, 0xE8, 0xF7, 0xFF, 0xFF, 0xFF, 0xC3,
    ]
    let guest = guest(code, probes: [CallProbe(address: LinearAddress(Guest.code + 11))])
    #expect(guest.run(steps: 50) == .idle)
    let records = guest.records().filter { $0.kind == .call || $0.kind == .callReturn }
    #expect(records.map { $0.kind == .call } == [true, true, true, false, false, false])
    let entries = records.prefix(3).map(\.value5)
    #expect(records.suffix(3).map(\.value3) == entries.reversed())
  }

  @Test func aFunctionWhoseFirstInstructionFaultsIsCalledOnce() {
    // call f with the stack pointer at the bottom of mapped memory; f: mov eax, [0x40000000]; ret. The handler maps the page.
    let code: [UInt8] = [0xE8, 1, 0, 0, 0, 0xF4, 0x8B, 0x04, 0x25, 0, 0, 0, 0x40, 0xC3]
    let guest = guest(code, probes: [CallProbe(address: LinearAddress(Guest.code + 6))])
    guest.store(Guest.directoryPointers + 8, 0xA007)
    // mov qword [0xA000], 0x87; add rsp, 8; iretq
    let handler: [UInt8] = [
      0x48, 0xC7, 0x04, 0x25, 0, 0xA0, 0, 0, 0x87, 0, 0, 0, 0x48, 0x83, 0xC4, 8, 0x48, 0xCF,
    ]
    guest.setGate(14, handler: 0x9000)
    guest.write(handler, at: 0x9000)
    #expect(guest.run(steps: 50) == .idle)
    let kinds = guest.records().map(\.kind)
    #expect(kinds.filter { $0 == .exception }.count == 1)
    #expect(kinds.filter { $0 == .call }.count == 1)
    #expect(kinds.filter { $0 == .callReturn }.count == 1)
  }
}
