using Edge.Packages;
using Edge.Tests.Support;
using Xunit;

namespace Edge.Tests.Models;

/// <summary>Every file of a signed package, every fault: refused with a reason, and what runs goes on.</summary>
public sealed class CorruptionMatrixTests
{
    private const int Flips = 8;

    public static readonly TheoryData<string> Files = ["manifest.json", "model.onnx", "golden/expected.json", "golden/0001.png", "signature"];

    [Theory]
    [MemberData(nameof(Files))]
    public async Task A_damaged_file_is_refused_and_what_runs_goes_on(string file)
    {
        await using TestBroker broker = await TestBroker.StartNewAsync();
        await using Plc plc = await Plc.ConnectAsync(broker);
        await using TestAgent agent = new(broker);
        agent.StationOptions.Source.Loop = true;
        agent.AddPicture("1.png", 40);
        SigningKey key = SigningKey.Create(agent["our.key"]);
        agent.Options.TrustedKeys = agent["our.key.pub"];
        TestModels.Publish(agent.Models, TinyGraph.Write(), signer: key);
        Package other = TestModels.Publish(agent.Models, TinyGraph.Write(bias: 1, size: 48), setCurrent: false, signer: key, expectedScore: 41);
        Package good = TestModels.Publish(agent.Models, TinyGraph.Write(bias: 2), setCurrent: false, signer: key);
        await agent.StartAsync();
        await plc.HearAsync("status", h => h["ready"] == "true");
        Assert.Equal([.. Files.Select(f => f.Data).Order(StringComparer.Ordinal)],
            Directory.EnumerateFiles(good.Folder, "*", SearchOption.AllDirectories).Select(f => Path.GetRelativePath(good.Folder, f)).Order(StringComparer.Ordinal));

        string path = Path.Combine(good.Folder, file);
        byte[] whole = File.ReadAllBytes(path), theirs = File.ReadAllBytes(Path.Combine(other.Folder, file));
        Random random = new(5);
        List<(string Fault, byte[]? Content)> faults =
        [
            ("missing", null), ("empty", []), ("half", whole[..(whole.Length / 2)]), ("one byte less", whole[..^1]), ("one byte more", [.. whole, (byte)(file == "signature" ? '}' : ' ')]),
            ("another package's", file == "golden/0001.png" ? Pictures.Png(41) : theirs),
        ];
        for (int i = 0; i < Flips; i++)
        {
            byte[] flipped = [.. whole];
            int at = random.Next(whole.Length), bit = random.Next(8);
            flipped[at] ^= (byte)(1 << bit);
            faults.Add(($"bit {bit} of byte {at} flipped", flipped));
        }
        foreach ((string fault, byte[]? content) in faults)
        {
            if (content is null) File.Delete(path);
            else File.WriteAllBytes(path, content);
            EdgeException e = Assert.Throws<EdgeException>(() => agent.Station.Watcher.Activate(3, "test", fault));
            Assert.Contains(file == "manifest.json" && content is not null ? "signature" : file == "signature" ? "sign" : file, e.Message, StringComparison.Ordinal);
            Assert.Equal((1, 1, 1), (agent.Station.Watcher.Offered, agent.Station.Inspector.Model!.Version, new PackageStore(agent.Models).Current(TestModels.Name)));
        }
        await plc.TriggerAsync("still");
        Assert.Equal(("accept", "1"), (await plc.VerdictAsync("still") is var v ? (v["verdict"], v["version"]) : default));

        // Whole again, it is taken: each of these was refused for its fault.
        File.WriteAllBytes(path, whole);
        agent.Station.Watcher.Activate(3, "test", null);
        await plc.TriggerAsync("whole");
        Assert.Equal("3", (await plc.VerdictAsync("whole"))["version"]);
    }
}
