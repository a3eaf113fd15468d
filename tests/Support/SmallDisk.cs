using System.Diagnostics;
using Xunit;

namespace Edge.Tests;

/// <summary>A real file system of a few KiB that runs full; skips the test, by name, where none may be mounted.</summary>
internal sealed class SmallDisk : IDisposable
{
    private readonly TempFolder folder = new();

    public string Path => folder.Path;
    public string this[string relative] => folder[relative];

    public SmallDisk(int kibibytes)
    {
        using Process mount = Process.Start("mount", ["-t", "tmpfs", "-o", $"size={kibibytes}k", "tmpfs", Path])!;
        mount.WaitForExit();
        if (mount.ExitCode == 0) return;
        folder.Dispose();
        Assert.Skip("needs the right to mount a tmpfs");
    }

    public void Resize(int kibibytes)
    {
        using Process mount = Process.Start("mount", ["-o", $"remount,size={kibibytes}k", Path])!;
        mount.WaitForExit();
        Assert.Equal(0, mount.ExitCode);
    }

    public void Dispose()
    {
        using (Process unmount = Process.Start("umount", [Path])!) unmount.WaitForExit();
        folder.Dispose();
    }
}
