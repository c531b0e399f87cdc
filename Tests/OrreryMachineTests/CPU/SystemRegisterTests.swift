import OrreryBase
import Testing

@testable import OrreryMachine

struct SystemRegisterTests {
  private typealias Guest = LongModeGuest

  private func isRefused(_ guest: Guest, _ write: (CPU) -> Bool) -> Bool {
    guest.cpu.pointee.hasFault = false
    return !write(guest.cpu) && guest.cpu.pointee.hasFault && guest.cpu.pointee.fault == .generalProtection(0)
  }

  @Test func controlRegistersRefuseWhatTheManualReserves() {
    let guest = Guest()
    let cr0 = guest.cpu.pointee.cr0
    #expect(isRefused(guest) { $0.writeControl(0, cr0 | 1 << 32) })
    #expect(isRefused(guest) { $0.writeControl(0, cr0 & ~1) })
    #expect(isRefused(guest) { $0.writeControl(0, cr0 | 1 << 29) })
    #expect(isRefused(guest) { $0.writeControl(0, cr0 & ~(1 << 31)) })
    #expect(isRefused(guest) { $0.writeControl(3, 1 << 40) })
    #expect(isRefused(guest) { $0.writeControl(4, 0) })
    #expect(isRefused(guest) { $0.writeControl(4, 1 << 5 | 1 << 20) })
    #expect(isRefused(guest) { $0.writeControl(8, 16) })
    #expect(guest.cpu.writeControl(8, 15) && guest.cpu.readControl(8) == 15)
    #expect(!guest.cpu.writeControl(1, 0) && guest.cpu.pointee.fault == .invalidOpcode)
    guest.enterUserMode()
    #expect(isRefused(guest) { $0.readControl(0) != nil })
  }

  @Test func longModeIsEnteredThroughPagingOnly() {
    let machine = Machine(configuration: MachineConfiguration())
    machine.enterProtectedMode(eip: 0, ebx: 0)
    let cpu = machine.cpu
    cpu.pointee.efer = ExtendedFeature.longModeEnable
    // Without PAE: #GP.
    #expect(!cpu.writeControl(0, cpu.pointee.cr0 | ControlRegister.pg))
    #expect(cpu.writeControl(4, ControlRegister.pae))
    #expect(cpu.writeControl(0, cpu.pointee.cr0 | ControlRegister.pg))
    #expect(cpu.pointee.efer & ExtendedFeature.longModeActive != 0)
    #expect(cpu.pointee.codeMode == .bits32)
  }

  @Test func modelSpecificRegistersThatDoNotExistRaiseGeneralProtection() {
    let guest = Guest()
    guest.cpu.pointee.gpr[1] = 0x1234_5678
    #expect(isRefused(guest) { $0.readMSR() })
    #expect(isRefused(guest) { $0.writeMSR() })
    // The local APIC's base exists on every PC and is not modelled: the run stops and says so.
    guest.cpu.pointee.gpr[1] = 0x1B
    #expect(!guest.cpu.readMSR())
    #expect(guest.cpu.pointee.stop?.description.contains("0x1b") == true)
  }

  @Test func theTimeStampCounterIsTheClockAndCanBeSet() {
    // rdtsc twice with a NOP between.
    let guest = Guest([0x0F, 0x31, 0x89, 0xC3, 0x90, 0x0F, 0x31, 0xF4])
    guest.cpu.pointee.gpr[1] = 0x10
    guest.cpu.pointee.gpr[0] = 1000
    #expect(guest.cpu.writeMSR())
    guest.run(steps: 20)
    #expect(guest.cpu.pointee.gpr[3] == 1000 && guest.cpu.pointee.gpr[0] == 1003)
  }

  @Test func cpuidSaysWhatThereIs() {
    let guest = Guest()
    func leaf(_ number: UInt64) -> [UInt64] {
      guest.cpu.pointee.gpr[0] = number
      guest.cpu.pointee.gpr[1] = 0
      guest.cpu.cpuid()
      return [0, 3, 1, 2].map { guest.cpu.pointee.gpr[$0] }
    }
    let vendor = leaf(0)
    let text = [vendor[1], vendor[3], vendor[2]].flatMap { word in
      (0..<4).map { UInt8(truncatingIfNeeded: word >> UInt64($0 * 8)) }
    }
    #expect(String(decoding: text, as: UTF8.self) == "OrreryOrrery")
    let features = leaf(1)
    // No local APIC (edx 9), no PCID (ecx 17), no RDRAND (ecx 30); FXSR, SSE and SSE2.
    #expect(features[3] >> 9 & 1 == 0 && features[2] >> 17 & 1 == 0 && features[2] >> 30 & 1 == 0)
    #expect(features[3] >> 24 & 7 == 7)
    // Long mode, NX, SYSCALL, 1 GiB pages.
    let extended = leaf(0x8000_0001)[3]
    for bit in [11, 20, 26, 29] as [UInt64] { #expect(extended >> bit & 1 == 1) }
    #expect(leaf(0x8000_0008)[0] == 40 | 48 << 8)
  }

  @Test func syscallAndSysretGoThereAndBack() {
    // syscall; hlt. The kernel's entry: sysretq.
    let guest = Guest([0x0F, 0x05, 0xF4])
    guest.write([0x48, 0x0F, 0x07], at: 0x9000)
    guest.cpu.pointee.star = 0x0010_0008 << 32
    guest.cpu.pointee.lstar = 0x9000
    guest.cpu.pointee.sfmask = 0x200
    guest.enterUserMode()
    guest.cpu.setFlags(0x202)
    guest.run(steps: 1)
    #expect(guest.cpu.pointee.cpl == 0 && guest.cpu.pointee.rip == 0x9000)
    #expect(guest.cpu.pointee.gpr[1] == Guest.code + 2 && guest.cpu.pointee.gpr[11] == 0x202)
    #expect(guest.cpu.flags == 2)
    #expect(guest.cpu[segment: .cs].selector == 8 && guest.cpu[segment: .ss].selector == 0x10)
    guest.run(steps: 1)
    #expect(guest.cpu.pointee.cpl == 3 && guest.cpu.pointee.rip == Guest.code + 2 && guest.cpu.flags == 0x202)
    #expect(guest.cpu[segment: .cs].selector == 0x23 && guest.cpu[segment: .ss].selector == 0x1B)
    // HLT in user mode: #GP(0).
    guest.run(steps: 1)
    #expect(guest.cpu.pointee.rip == Guest.handlerBase + 13 * 16)
  }

  @Test func portsInUserModeNeedTheBitmap() {
    // in al, 0x60
    let guest = Guest([0xE4, 0x60])
    guest.enterUserMode()
    guest.run(steps: 1)
    #expect(guest.cpu.pointee.rip == Guest.handlerBase + 13 * 16)
    let allowed = Guest([0xE4, 0x60])
    // The map at 0x68 of the TSS: bit 0x60 clear, its neighbours set.
    allowed.write(Array(repeating: 0xFF, count: 0x20), at: Guest.task + 0x68)
    allowed.write([0xFE], at: Guest.task + 0x68 + 0xC)
    allowed.cpu.pointee.tr.limit = 0x100
    allowed.enterUserMode()
    allowed.run(steps: 1)
    #expect(allowed.cpu.pointee.rip == Guest.code + 2)
  }

  @Test func placesWithoutMemoryOrDeviceStopTheRunByName() {
    // mov eax, [0x200000 * 100]: mapped to physical 0xFEE00000 by the test.
    let guest = Guest([0x8B, 0x04, 0x25, 0, 0, 0, 0x40])
    guest.store(Guest.directoryPointers + 8, 0xA007)
    guest.store(0xA000, 0xFEE0_0087)
    guard case .stopped(let reason) = guest.run(steps: 5) else {
      Issue.record("expected a stop")
      return
    }
    #expect(reason.description.contains("0xfee00000"))
  }

  @Test func firmwareReadsAndDoesNotWrite() {
    let guest = Guest()
    guest.write([1, 2, 3], at: 0xF_0000)
    #expect(guest.cpu.storeSlow(0xF_0000, 0xAA, size: 1))
    #expect(guest.cpu.loadSlow(0xF_0000, size: 4) == 0xFF03_0201)
    #expect(guest.cpu.storeSlow(0xC_0000, 0, size: 8))
    #expect(guest.cpu.loadSlow(0xC_0000, size: 8) == .max)
    #expect(!guest.machine.write([0], at: PhysicalAddress(0xE_FFFF)))
    #expect(!guest.machine.write([0, 0], at: PhysicalAddress((16 << 20) - 1)))
    #expect(guest.machine.read(PhysicalAddress(.max), count: 1) == nil)
  }
}
