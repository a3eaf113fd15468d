using System.Text.Json;
using Edge.Training.Cli;
using Edge.Training.Data;
using OpenCvSharp;
using Xunit;

namespace Edge.Tests.Data;

public sealed class SplitCommandTests : IDisposable
{
    private readonly TempFolder folder = new();

    public void Dispose() => folder.Dispose();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private static Task<int> Run(params string[] args) => SplitCommand.Create().Parse(args).InvokeAsync(new() { EnableDefaultExceptionHandler = false }, Ct);

    private string Sorted(int normals = 100, int cracks = 30)
    {
        for (int i = 0; i < normals; i++) Pictures.Write(folder[$"sorted/good/{i:000}.png"], i);
        for (int i = 0; i < cracks; i++)
        {
            Pictures.Write(folder[$"sorted/crack/{i:000}.png"], 1000 + i);
            Pictures.WriteMask(folder[$"sorted/ground_truth/crack/{i:000}_mask.png"], 24, 16, (x, y) => x == i % 24 && y == 3);
        }
        return folder["sorted"];
    }

    /// <summary>File content → where it is in the split.</summary>
    private Dictionary<string, string> Places(string place) => Directory.EnumerateFiles(folder[place], "*.*", SearchOption.AllDirectories)
        .Where(f => !f.Contains("ground_truth", StringComparison.Ordinal) && !f.EndsWith(".json", StringComparison.Ordinal))
        .ToDictionary(f => Convert.ToBase64String(File.ReadAllBytes(f)), f => Path.GetDirectoryName(Path.GetRelativePath(folder[place], f))!.Replace('\\', '/'));

    [Fact]
    public async Task Seventy_ten_twenty_without_anomalies_in_training_and_the_trainer_reads_it()
    {
        string[] before = [.. Directory.EnumerateFiles(Sorted(), "*", SearchOption.AllDirectories)];
        Assert.Equal(0, await Run("--data", folder["sorted"], "--out", folder["parts"]));
        Assert.Equal(before, Directory.EnumerateFiles(folder["sorted"], "*", SearchOption.AllDirectories));
        Assert.Equal(
            [("test/crack", 20), ("test/good", 20), ("train/good", 70), ("validation/test/crack", 10), ("validation/test/good", 10)],
            Places("parts").GroupBy(p => p.Value).Select(g => (g.Key, g.Count())).OrderBy(g => g.Key, StringComparer.Ordinal));
        foreach (string set in (string[])["parts", "parts/validation"])
        {
            Dataset data = Dataset.OpenForTest(folder[set], strict: true, Pictures.Quiet(), Ct);
            Assert.All(data.Test, p => Assert.Equal(p.IsNormal, p.MaskPath is null));
        }
        Assert.Equal(70, Dataset.Open(folder["parts"], strict: true, Pictures.Quiet(), Ct).Train.Count);
        using JsonDocument split = JsonDocument.Parse(await File.ReadAllBytesAsync(folder["parts/split.json"], Ct));
        Assert.Equal(130, split.RootElement.GetProperty("pictures").GetArrayLength());
    }

    [Fact]
    public async Task Content_alone_decides_and_more_pictures_move_few()
    {
        Assert.Equal(0, await Run("--data", Sorted(), "--out", folder["first"]));
        for (int i = 0; i < 100; i++) Pictures.Write(folder[$"renamed/train/good/part-{(i * 37) % 100}.png"], i);   // other names, another layout
        for (int i = 0; i < 30; i++) Pictures.Write(folder[$"renamed/test/crack/{99 - i}.png"], 1000 + i);
        Assert.Equal(0, await Run("--data", folder["renamed"], "--out", folder["second"]));
        Assert.Equivalent(Places("first"), Places("second"));
        for (int i = 0; i < 10; i++) Pictures.Write(folder[$"sorted/good/new{i}.png"], 5000 + i);
        Assert.Equal(0, await Run("--data", folder["sorted"], "--out", folder["more"], "--link"));
        Dictionary<string, string> first = Places("first"), more = Places("more");
        Assert.InRange(first.Count(p => more[p.Key] != p.Value), 0, 15);
    }

    [Fact]
    public async Task Near_duplicates_stay_together_and_copies_are_left_out()
    {
        Sorted();
        for (int i = 0; i < 30; i++)
        {
            using Mat part = Cv2.ImRead(folder[$"sorted/good/{i:000}.png"]);
            Cv2.Add(part, Scalar.All(1), part);
            Cv2.ImWrite(folder[$"sorted/good/again{i:000}.png"], part);                      // one gray level brighter
            if (i < 5) File.Copy(folder[$"sorted/good/{i:000}.png"], folder[$"sorted/good/copy{i}.png"]);
        }
        using (Mat crack = Cv2.ImRead(folder["sorted/crack/000.png"]))
        {
            Cv2.Add(crack, Scalar.All(1), crack);
            Cv2.ImWrite(folder["sorted/good/000-hidden-crack.png"], crack);
        }
        File.Copy(folder["sorted/good/099.png"], folder["sorted/crack/two-labels.png"]);
        Assert.Equal(0, await Run("--data", folder["sorted"], "--out", folder["parts"]));
        using JsonDocument split = JsonDocument.Parse(await File.ReadAllBytesAsync(folder["parts/split.json"], Ct));
        Dictionary<string, string?> to = split.RootElement.GetProperty("pictures").EnumerateArray().ToDictionary(p => p.GetProperty("from").GetString()!, p => p.GetProperty("to").GetString());
        for (int i = 0; i < 30; i++) Assert.Equal(Path.GetDirectoryName(to[$"good/{i:000}.png"] ?? to[$"good/copy{i}.png"]), Path.GetDirectoryName(to[$"good/again{i:000}.png"]));
        Assert.NotEqual("train/good", Path.GetDirectoryName(to["good/000-hidden-crack.png"]));   // nearly a picture of a crack
        Assert.Equal([.. Enumerable.Range(0, 5).Select(i => $"good/copy{i}.png"), "crack/two-labels.png", "good/099.png"],
            to.Where(t => t.Value is null).Select(t => t.Key).OrderBy(k => !k.StartsWith("good/copy", StringComparison.Ordinal)).ThenBy(k => k, StringComparer.Ordinal));
        Assert.Contains("train/good", to.Values.Select(Path.GetDirectoryName));
    }

    [Fact]
    public async Task Mistakes_are_said_and_leave_nothing()
    {
        Sorted(normals: 2, cracks: 0);
        Pictures.Write(folder["full/mine.png"], 1);
        async Task Says(string what, params string[] args) => Assert.Contains(what, (await Assert.ThrowsAsync<EdgeException>(() => Run(args))).Message, StringComparison.Ordinal);
        await Says("is not empty", "--data", folder["sorted"], "--out", folder["full"]);
        await Says("add up to 100", "--data", folder["sorted"], "--out", folder["new"], "--parts", "70/10/30");
        await Says("too few to split", "--data", folder["sorted"], "--out", folder["new"], "--parts", "1/0/99");
        await Says("does not exist", "--data", folder["absent"], "--out", folder["new"]);
        Assert.Equal(["full", "sorted"], Directory.GetFileSystemEntries(folder.Path).Select(Path.GetFileName).Order());
    }
}
