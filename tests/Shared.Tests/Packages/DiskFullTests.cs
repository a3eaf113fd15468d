using Edge.Packages;
using Xunit;

namespace Edge.Tests.Packages;

public sealed class DiskFullTests
{
    [Fact]
    public void A_full_disk_publishes_nothing_and_keeps_what_was_there()
    {
        using SmallDisk disk = new(64);
        Package first = PackageTests.Publish(disk.Path);
        File.WriteAllBytes(disk["filler"], new byte[new DriveInfo(disk.Path).AvailableFreeSpace - 8192]);
        EdgeException e = Assert.Throws<EdgeException>(() => PackageTests.Publish(disk.Path));
        Assert.Contains("space", e.Message, StringComparison.OrdinalIgnoreCase);
        Assert.Equal(1, new PackageStore(disk.Path).OpenCurrent("part").Manifest.Version);
        Assert.Equal(["1", "current", "history.jsonl"], Directory.EnumerateFileSystemEntries(Path.GetDirectoryName(first.Folder)!).Select(Path.GetFileName).Order());
    }
}
