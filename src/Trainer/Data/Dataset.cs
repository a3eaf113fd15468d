using System.Security.Cryptography;
using System.Text;
using Edge.Training.Cli;

namespace Edge.Training.Data;

/// <summary>Pictures on disk, by what they are for. Paths are in ordinal order. Nothing is decoded yet.</summary>
internal sealed record Dataset
{
    public required string Folder { get; init; }

    /// <summary>Normal pictures to fit and to calibrate with; none of them is in <see cref="Test"/>.</summary>
    public required IReadOnlyList<Picture> Train { get; init; }

    /// <summary>Labelled pictures; empty for a plain folder of normals.</summary>
    public required IReadOnlyList<Picture> Test { get; init; }

    /// <summary>Files that can't be opened, are empty, or carry two labels.</summary>
    public required IReadOnlyList<SkippedPicture> Skipped { get; init; }

    public required IReadOnlyList<DuplicatePicture> Duplicates { get; init; }

    /// <summary>SHA-256 over the sorted SHA-256 of all pictures: equal data, equal digest, wherever it lies.</summary>
    public string Digest => DigestOf(Train.Concat(Test));

    public static string DigestOf(IEnumerable<Picture> pictures) => Convert.ToHexStringLower(
        SHA256.HashData(Encoding.ASCII.GetBytes(string.Join('\n', pictures.Select(p => p.Sha256).Order(StringComparer.Ordinal)))));

    /// <summary>A data set to train on: <c>train/good</c>, or pictures directly inside the folder.</summary>
    /// <param name="strict">A file that can't be used is an error instead of being left out.</param>
    /// <exception cref="EdgeException">No such folder, nothing in it that is understood, or no normal pictures.</exception>
    public static Dataset Open(string folder, bool strict, Terminal terminal, CancellationToken ct)
    {
        Dataset dataset = DatasetReader.Read(DatasetLayout.Find(folder), strict, terminal, ct);
        return dataset.Train.Count > 0 ? dataset : throw new EdgeException(
            $"{dataset.Folder} has no normal pictures to train on{(dataset.Skipped.Count > 0 ? $" ({dataset.Skipped.Count} skipped)" : "")}. {DatasetLayout.Understood}");
    }

    /// <summary>A data set to evaluate on: <c>test/…</c> must be there, <c>train/good</c> need not.</summary>
    /// <exception cref="EdgeException">No such folder, or no test pictures.</exception>
    public static Dataset OpenForTest(string folder, bool strict, Terminal terminal, CancellationToken ct)
    {
        Dataset dataset = DatasetReader.Read(DatasetLayout.Find(folder), strict, terminal, ct);
        return dataset.Test.Count > 0 ? dataset : throw new EdgeException(
            $"{dataset.Folder} has no labelled pictures to evaluate on: test/good and test/<defect> are needed.");
    }
}
