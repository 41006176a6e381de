internal import Encoding
internal import HostSystem
internal import Identity

/// Certificates are judged by this host's clock.
enum ClockFindings {
  /// - Parameter isSynchronised: what the kernel says of its clock; nil: nothing.
  static func findings(_ files: HostFiles, _ processes: [RunningProgram], _ now: Moment, isSynchronised: Bool?) -> [Finding] {
    clock(files, now) + synchronised(processes, isSynchronised) + hardware(files, now)
  }

  /// The first second of 2026: this version did not exist before. After 2200 nobody runs it.
  private static let beginning: UInt64 = 1_767_225_600
  private static let end: UInt64 = 7_258_118_400

  static func clock(_ files: HostFiles, _ now: Moment) -> [Finding] {
    let remedy = "set the clock, and run a time service such as systemd-timesyncd or chrony"
    guard now.unixSeconds >= beginning, now.unixSeconds < end else {
      return [Finding(.clock, .problem, "clock",
        "says \(Timestamp.text(min(now.unixSeconds, Timestamp.latest))), which is \(now.unixSeconds < beginning ? "past" : "far ahead"): certificates would be judged by a wrong time", remedy: remedy)]
    }
    for path in [Places.lastGoodConfiguration, Places.auditLog] {
      guard let facts = files.facts(path), facts.modified.seconds > Int64(clamping: now.unixSeconds) + 60 else { continue }
      return [Finding(.clock, .warning, "clock", "says \(Timestamp.text(now.unixSeconds)), but \(path) was written later than that: the clock was set back",
        remedy: "check the clock and its time service")]
    }
    return [Finding(.clock, .ok, "clock", "says \(Timestamp.text(now.unixSeconds))")]
  }

  private static let services = ["systemd-timesyncd", "chronyd", "ntpd", "ntpd-rs", "ntp-daemon", "ptp4l", "phc2sys", "timemaster", "vmtoolsd", "VBoxService", "hv_utils"]

  /// Some services steer the clock without telling the kernel that it is right, and all need minutes after a boot: then there is
  /// no reason to warn.
  private static func synchronised(_ processes: [RunningProgram], _ isSynchronised: Bool?) -> [Finding] {
    guard isSynchronised == false else {
      return [Finding(.clockSynchronised, .ok, "clock", isSynchronised == nil ? "the kernel does not say whether anybody keeps it right" : "is kept right by a time service")]
    }
    if let service = processes.compactMap({ $0.program.parts(47).last }).first(where: { name in services.contains { $0.isExactly(name) } }) {
      return [Finding(.clockSynchronised, .hint, "clock", "\(service) runs, but has not told the kernel yet that the clock is right", remedy: "if that stays so, see 'timedatectl' or 'chronyc tracking'")]
    }
    return [Finding(.clockSynchronised, .warning, "clock", "nobody keeps it right: certificates live for minutes or hours, and a clock that drifts refuses good ones and takes those that are over",
      remedy: "run a time service, for example 'apt install systemd-timesyncd'")]
  }

  /// Hosts start with it. It may stand in local time, so that a day is not far.
  private static func hardware(_ files: HostFiles, _ now: Moment) -> [Finding] {
    guard let text = try? files.lines("/sys/class/rtc/rtc0/since_epoch").first, let seconds = ProcessTable.decimal(Array(text.utf8)) else { return [] }
    let distance = seconds > now.unixSeconds ? seconds - now.unixSeconds : now.unixSeconds - seconds
    guard distance > 93_600 else { return [Finding(.clockHardware, .ok, "hardware clock", "agrees")] }
    return [Finding(.clockHardware, .warning, "hardware clock", "says \(Timestamp.text(min(seconds, Timestamp.latest))): after a restart, certificates are judged by that until a time service has set the clock",
      remedy: "run 'hwclock --systohc'; if it is wrong again after a power cut, its battery is empty")]
  }
}
