using Edge.Tests.Data;
using Edge.Training.Cli;
using Edge.Training.Data.Quality;
using Edge.Training.Service.Configuration;
using Edge.Training.Service.Runs;
using Xunit;

namespace Edge.Tests.Service;

/// <summary>What is trained on, and what never is.</summary>
public sealed class RunDataTests : IDisposable
{
    private readonly TempFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void The_hold_out_is_drawn_by_content_stays_and_is_never_trained_on()
    {
        for (int i = 0; i < 60; i++) Pictures.Write(folder[$"data/train/good/{i}.png"], i, 32, 24);
        for (int i = 60; i < 65; i++) Pictures.Write(folder[$"data/test/scratch/{i}.png"], i, 32, 24);
        Pictures.Write(folder["data/test/good/n.png"], 70, 32, 24);
        ProductOptions product = new() { Data = folder["data"], HoldOut = 0.3 };
        RunData first = Assemble(product, [], "first");
        Assert.Equal(60 + 6, first.Training + first.HeldOut);
        Assert.InRange(first.HeldOut, 6 + 8, 6 + 30);
        Dictionary<string, string> held = Held();
        Assert.Equal(5, held.Count(h => h.Value == "scratch"));
        Assert.Empty(Trained("first").Intersect(held.Keys));

        // Other names, more pictures, some of the old ones gone: what was held out stays so.
        Directory.Move(folder["data/train/good"], folder["moved"]);
        int n = 0;
        foreach (string file in Directory.EnumerateFiles(folder["moved"]).Order().Skip(20))
        {
            Directory.CreateDirectory(folder["data/train/good"]);
            File.Move(file, folder[$"data/train/good/x{n++}.png"]);
        }
        for (int i = 100; i < 130; i++) Pictures.Write(folder[$"data/train/good/{i}.png"], i, 32, 24);
        Assemble(product, [], "second");
        Assert.Empty(held.Keys.Except(Held().Keys));
        Assert.Empty(Trained("second").Intersect(Held().Keys));
        Assert.Equal(Trained("second").Intersect(Trained("first")).Order(), Trained("second").Intersect(Trained("first")).Except(held.Keys).Order());
    }

    [Fact]
    public void A_review_overrules_the_folder_and_defects_are_learned_from_only_by_the_method_that_can()
    {
        for (int i = 0; i < 20; i++) Pictures.Write(folder[$"data/{i}.png"], i, 32, 24);
        Pictures.Write(folder["reviewed/scratch/3.png"], 3, 32, 24);      // in the data folder as normal
        for (int i = 30; i < 40; i++) Pictures.Write(folder[$"reviewed/scratch/{i}.png"], i, 32, 24);
        Pictures.Write(folder["reviewed/good/50.png"], 50, 32, 24);
        ProductOptions product = new() { Data = folder["data"], Reviewed = folder["reviewed"], HoldOut = 0 };
        RunData run = Assemble(product, ReviewedParts.Of(product), "patchcore");
        Assert.Equal((19 + 1, 11, 0), (run.Training, run.HeldOut, run.Anomalies));
        Assert.All(Held().Values, label => Assert.Equal("scratch", label));

        product.Method = "fcdd";
        product.HoldOut = 0.5;
        Directory.Delete(folder["state"], recursive: true);
        run = Assemble(product, ReviewedParts.Of(product), "fcdd");
        Assert.Equal(20 + 11, run.Training + run.HeldOut + run.Anomalies);
        Assert.InRange(run.Anomalies, 1, 10);
        Assert.Empty(Directory.EnumerateFiles(folder["fcdd/anomalies"], "*.png", SearchOption.AllDirectories).Select(Hash).Intersect(Held().Keys));
        Assert.Equal(run, Assemble(product, [], "fcdd"));   // taken up again: the same pictures
    }

    private RunData Assemble(ProductOptions product, IReadOnlyList<DataFile> reviewed, string run)
    {
        Directory.CreateDirectory(folder[run]);
        return RunData.Assemble(product, reviewed, new HoldOut(folder["state"], "part"), folder[run], new Terminal(TextWriter.Null, interactive: false, TimeProvider.System), TestContext.Current.CancellationToken);
    }

    private Dictionary<string, string> Held() => new HoldOut(folder["state"], "part").Labels();

    private string[] Trained(string run) => [.. Directory.EnumerateFiles(folder[$"{run}/data/train/good"]).Select(Hash)];

    private static string Hash(string file) => Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(File.ReadAllBytes(file)));
}
