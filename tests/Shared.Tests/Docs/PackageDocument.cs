using System.Text;
using Edge.Packages;
using Edge.Tests.Packages;
using Xunit;

namespace Edge.Tests.Docs;

/// <summary>docs/package.md: the words are written here, manifest and files are those of a published package.</summary>
public sealed class PackageDocument
{
    [Fact]
    public void Says_what_is_published()
    {
        using TempFolder models = new();
        Package package = PackageTests.Publish(models.Path);
        IEnumerable<string> files = Directory.EnumerateFiles(models.Path, "*", SearchOption.AllDirectories).Select(f => Path.GetRelativePath(models.Path, f)).Order(StringComparer.Ordinal);
        string text = $"""
            # The model package

            Made from the code; a test compares it. A package is immutable: it is written beside the others, verified as a reader would, flushed
            to disk and renamed into place. `current` holds one line, the version that is to run; it is replaced by rename, and an older number rolls back.
            Beside it may be `shadow` (one line: a version that sees the same parts and decides nothing; what it would have said is in `shadow-<station>.json`) and `canary` (one line: a version and the stations that
            run it before the others do). `history.jsonl` has a line for each such order: when, from, to (0 = none any more), by, why, and the `role` if it was not `current`.

            ```
            {string.Join('\n', files.Select(f => $"models/{f}"))}
            ```

            A package is refused, with the reason, when a file is missing, damaged (SHA-256) or not named in the manifest, when the manifest has an
            unknown, missing or duplicate member or a value out of range, when the folder says another name or version, when the graph has another
            signature, or when its golden images give other scores. Whatever runs then keeps running.

            `model.onnx`: input `image` uint8 [N, H, W, 3] RGB; outputs `image_score` float32 [N] (raw, larger = more anomalous) and `anomaly_map` float32
            [N, H, W]. Normalisation, network, nearest neighbours, upsampling and smoothing are inside; any ONNX Runtime gives the same numbers. H and W are
            the manifest's where `fixedSize` is true; FastFlow's and FCDD's graphs take any, but scores and so the threshold belong to the manifest's.

            A method that trains in epochs adds `training.csv`: epoch, loss, validation loss, learning rate, seconds. What `edge-trainer serve` publishes has `gates.json`: run, cause, the version it was
            compared with, and every gate with figure, limit and words ([trainer.md](trainer.md#gates)).

            ## signature
            With `EDGE_SIGNING_KEY` set to a private key's file (`edge-trainer keys new FILE`), every command that publishes a package signs it: the file `signature` holds `algorithm`
            (`{PackageSignature.EcdsaP256}`), `key` (the first 16 hexadecimal digits of the SHA-256 of the public key's DER) and `value` (DER, base64) over the bytes of manifest.json, which holds
            the hashes of all other files, name and version. An agent with `Edge:TrustedKeys` (FILE.pub; one or more keys) refuses a package that none of them has signed, before it reads anything else of it.
            `edge-agent models verify NAME --trusted-keys FILE.pub` says it beforehand; so does `openssl dgst -sha256 -verify FILE.pub -signature value.der manifest.json`. To change keys: add the new one to the
            agents' file, publish with it, take the old one out when no version that may be rolled back to needs it. Two checks it is not: of time (an older signed version may be put back: that is a
            roll back), and of files that are changed between check and load (only root and the trainer should be able to write the folder).

            ## manifest.json
            Files' and weights' hashes are shortened here.

            ```json
            {Shorten(package.Manifest.ToJson())}
            ```

            ## golden/expected.json
            Score and largest map value that the graph gave on each golden image (PNG, RGB, at the model's size) when it was published.

            ```json
            {File.ReadAllText(Path.Combine(package.Folder, "golden/expected.json"))}
            ```

            """;
        Document.Compare("docs/package.md", text);
    }

    /// <summary>Hashes of pictures depend on the encoder's version.</summary>
    private static string Shorten(string json)
    {
        StringBuilder text = new(json);
        foreach (string word in json.Split('"').Where(w => w.Length == 64 && w.All(char.IsAsciiHexDigitLower))) text.Replace(word, "…");
        return text.ToString();
    }
}
