using Edge.Agent.Inspection;
using Edge.Packages;
using Edge.Scoring;

namespace Edge.Agent.Models;

/// <summary>
/// Makes a version ready to run: signature and hashes verified, proved in a process of its own, loaded, warmed up and checked on its golden images, beside
/// whatever runs. Any thread.
/// </summary>
/// <param name="threads">Of a session; 0 = all cores.</param>
internal sealed class ModelLoader(PackageStore store, ModelProof proof, int threads, TimeProvider time)
{
    /// <param name="role">Whose order is looked up; null = current's.</param>
    /// <param name="activation">Null = as the history says.</param>
    /// <param name="shared">On the session of whoever else runs the same graph.</param>
    /// <exception cref="Exception">It does not prove itself; nothing is left of it.</exception>
    public LoadedModel Load(Recipe recipe, int version, CancellationToken cancel, string? role = null, Activation? activation = null, bool shared = true)
    {
        Package package = store.Open(recipe.Model, version);
        proof.Require(package, threads, cancel);
        AnomalyDetector detector = AnomalyDetector.Load(package, new DetectorOptions { Threads = threads, Shared = shared });
        try
        {
            detector.Prove(package);
            return new LoadedModel(package, recipe, detector, time.GetUtcNow()) { Activation = activation ?? Ordered(recipe.Model, version, role) };
        }
        catch
        {
            detector.Dispose();
            throw;
        }
    }

    /// <summary>Changes when the version, one of its files or the file that names it is written again.</summary>
    /// <param name="role">The file's name.</param>
    public string Fingerprint(string name, int version, string role)
    {
        DirectoryInfo folder = new(store.FolderOf(name, version));
        long named = File.GetLastWriteTimeUtc(Path.Combine(store.Root, name, role)).Ticks;
        IEnumerable<string> files = folder.Exists
            ? folder.EnumerateFiles("*", SearchOption.AllDirectories).Select(f => $"{f.FullName}:{f.Length}:{f.LastWriteTimeUtc.Ticks}").Order(StringComparer.Ordinal)
            : [];
        return $"{version}:{named}\n{string.Join('\n', files)}";
    }

    /// <summary>The last order that named it; null also when the history can't be read, which refuses no model.</summary>
    /// <param name="version">0 = that none is to run any more.</param>
    public Activation? Ordered(string name, int version, string? role)
    {
        try
        {
            return store.History(name).LastOrDefault(a => a.To == version && a.Role == role);
        }
        catch (EdgeException)
        {
            return null;
        }
    }
}
