using System.Diagnostics;
using Edge.Packages;
using Xunit;

namespace Edge.Tests.Packages;

public sealed class DiskFullTests
{
    /// <summary>A real file system of 64 KiB that runs full while a package is written.</summary>
    [Fact]
    public void A_full_disk_publishes_nothing_and_keeps_what_was_there()
    {
        using TempFolder folder = new();
        using Process mount = Process.Start("mount", ["-t", "tmpfs", "-o", "size=64k", "tmpfs", folder.Path])!;
        mount.WaitForExit();
        Assert.SkipUnless(mount.ExitCode == 0, "needs the right to mount a tmpfs");
        try
        {
            Package first = PackageTests.Publish(folder.Path);
            File.WriteAllBytes(folder["filler"], new byte[new DriveInfo(folder.Path).AvailableFreeSpace - 8192]);
            EdgeException e = Assert.Throws<EdgeException>(() => PackageTests.Publish(folder.Path));
            Assert.Contains("space", e.Message, StringComparison.OrdinalIgnoreCase);
            Assert.Equal(1, new PackageStore(folder.Path).OpenCurrent("part").Manifest.Version);
            Assert.Equal(["1", "current"], Directory.EnumerateFileSystemEntries(Path.GetDirectoryName(first.Folder)!).Select(Path.GetFileName).Order());
        }
        finally
        {
            using Process unmount = Process.Start("umount", [folder.Path])!;
            unmount.WaitForExit();
        }
    }
}
