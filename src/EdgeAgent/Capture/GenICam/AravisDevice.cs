using System.Runtime.InteropServices;

namespace Edge.Agent.Capture.GenICam;

/// <summary>A camera that answered when asked who is there.</summary>
/// <param name="Protocol">GigEVision or USB3Vision.</param>
internal sealed record AravisDevice(string Id, string Vendor, string Model, string Serial, string Address, string Protocol)
{
    /// <summary>Asks every network and USB port; takes about a second.</summary>
    public static IReadOnlyList<AravisDevice> List()
    {
        Aravis.UpdateDevices();
        return [.. Enumerable.Range(0, (int)Aravis.CountDevices()).Select(i => (uint)i).Select(i => new AravisDevice(
            Text(Aravis.DeviceId(i)), Text(Aravis.DeviceVendor(i)), Text(Aravis.DeviceModel(i)), Text(Aravis.DeviceSerial(i)), Text(Aravis.DeviceAddress(i)), Text(Aravis.DeviceProtocol(i))))];
    }

    private static string Text(nint utf8) => Marshal.PtrToStringUTF8(utf8) ?? "";
}
