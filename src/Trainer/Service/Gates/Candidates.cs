using Edge.Packages;
using Edge.Training.Service.Configuration;
using Edge.Training.Service.Runs;

namespace Edge.Training.Service.Gates;

/// <summary>What becomes of a candidate: a version of the models folder, signed, with <c>gates.json</c> in it, or a folder <c>refused/&lt;run&gt;</c> to look at.</summary>
internal sealed class Candidates(ServeOptions options)
{
    /// <exception cref="EdgeException">The signing key can't be read.</exception>
    public PackageStore Store() => new(options.Models) { Signer = options.SigningKey is { } key ? SigningKey.Read(CredentialFile.Resolve(key, "signing key")) : SigningKey.OfEnvironment() };

    /// <summary>The version that <c>current</c> names; null when none does.</summary>
    public Package? Running(string product) => Store().Current(product) is { } version ? Store().Open(product, version) : null;

    /// <summary>The version that this run has published before the program was cut off; null when it has not.</summary>
    public int? PublishedBy(RetrainingRun run)
    {
        PackageStore store = Store();
        foreach (int version in store.Versions(run.Product).Reverse())
        {
            string file = Path.Combine(store.FolderOf(run.Product, version), GateReport.File);
            if (File.Exists(file) && System.Text.Json.JsonSerializer.Deserialize(File.ReadAllText(file), RunJson.Default.GateReport)?.Run == run.Id) return version;
        }
        return null;
    }

    /// <exception cref="EdgeException">The disk does not take it; nothing was published.</exception>
    public Package Publish(Package candidate, GateReport report, bool activate)
    {
        using PackageDraft draft = Store().Begin(candidate.Manifest.Name);
        try
        {
            foreach (string file in candidate.Manifest.Files.Keys)
            {
                string target = Path.Combine(draft.Folder, file);
                Directory.CreateDirectory(Path.GetDirectoryName(target)!);
                File.Copy(Path.Combine(candidate.Folder, file), target);
            }
            File.WriteAllText(Path.Combine(draft.Folder, GateReport.File), report.ToJson());
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new EdgeException($"Cannot write the package in {options.Models}: {e.Message} Nothing was published.", e);
        }
        return draft.Publish((version, files) => candidate.Manifest with { Version = version, Files = files }, activate);
    }

    /// <summary>Keeps a refused candidate with its report; the oldest beyond <see cref="ServeOptions.KeepRefused"/> go.</summary>
    public void Refuse(Package candidate, GateReport report)
    {
        string refused = Path.Combine(Path.GetFullPath(options.State), "refused"), target = Path.Combine(refused, report.Run);
        Directory.CreateDirectory(refused);
        if (Directory.Exists(target)) Directory.Delete(target, recursive: true);
        File.WriteAllText(Path.Combine(candidate.Folder, GateReport.File), report.ToJson());
        Directory.Move(candidate.Folder, target);
        Directory.SetLastWriteTimeUtc(target, report.MeasuredAt.UtcDateTime);
        foreach (DirectoryInfo old in new DirectoryInfo(refused).EnumerateDirectories().OrderByDescending(d => d.LastWriteTimeUtc).Skip(options.KeepRefused)) old.Delete(recursive: true);
    }
}
