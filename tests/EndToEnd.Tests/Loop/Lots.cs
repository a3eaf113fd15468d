using System.Security.Cryptography;
using Xunit;

namespace Edge.Tests.Loop;

/// <summary>A labelled picture.</summary>
/// <param name="Label">good, or the kind of defect.</param>
internal sealed record LabelledPicture(string Path, string Label)
{
    /// <summary>Says what it is, for the reviewer of this test only: the programs never look at a file's name, beside its order, which mixes the kinds.</summary>
    public string Name => $"{Hash[..12]}-{Label}-{System.IO.Path.GetFileName(Path)}";

    public static string LabelOf(string name) => name.Split('-')[1];

    public string Hash { get; } = Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(Path)));
}

/// <summary>Real pictures of parts, split by a hash of their content: what the first model learns, what the line makes, and what both models are compared on and nobody else sees.</summary>
internal sealed class Lots
{
    public IReadOnlyList<LabelledPicture> First { get; }

    /// <summary>Three lots of parts: before the review, under the shadow, and after the change.</summary>
    public IReadOnlyList<IReadOnlyList<LabelledPicture>> Line { get; }

    public IReadOnlyList<LabelledPicture> HoldOut { get; }

    public Lots(string data, int first, int normals, int defects, int heldOut)
    {
        LabelledPicture[] train = Shuffled("train/good"), good = Shuffled("test/good");
        LabelledPicture[] anomalous = [.. Directory.EnumerateDirectories(Path.Combine(data, "test")).Select(d => $"test/{Path.GetFileName(d)}").Where(d => d != "test/good").SelectMany(Shuffled).OrderBy(p => p.Hash, StringComparer.Ordinal)];
        First = [.. train.Take(first)];
        LabelledPicture[] made = [.. train.Skip(first)];
        Line = [.. Enumerable.Range(0, 3).Select(lot => (IReadOnlyList<LabelledPicture>)[.. made.Skip(lot * normals).Take(normals), .. anomalous.Skip(lot * defects).Take(defects)])];
        HoldOut = [.. good.Take(heldOut), .. anomalous.Skip(3 * defects).Take(heldOut)];
        Assert.All(Line, lot => Assert.Equal(normals + defects, lot.Count));
        Assert.Empty(HoldOut.Select(p => p.Hash).Intersect(First.Concat(Line.SelectMany(l => l)).Select(p => p.Hash)));

        LabelledPicture[] Shuffled(string folder) => [.. Directory.EnumerateFiles(Path.Combine(data, folder)).Select(f => new LabelledPicture(f, Path.GetFileName(folder))).OrderBy(p => p.Hash, StringComparer.Ordinal)];
    }
}
