namespace Edge.Packages;

/// <summary>Which version is to do what, and since when.</summary>
public sealed partial class PackageStore
{
    private VersionFile CurrentOf(string name) => new(Path.Combine(FolderOf(name), "current"));

    private VersionFile CanaryOf(string name) => new(Path.Combine(FolderOf(name), "canary"));

    private VersionFile ShadowOf(string name) => new(Path.Combine(FolderOf(name), "shadow"));

    /// <summary>The aspired version; null when there is none yet.</summary>
    /// <exception cref="EdgeException"><c>current</c> does not hold one positive integer, or can't be read.</exception>
    public int? Current(string name) => CurrentOf(name).Read();

    /// <summary>The candidate that runs beside the current version and decides nothing; null = none.</summary>
    /// <exception cref="EdgeException"><c>shadow</c> does not hold one positive integer, or can't be read.</exception>
    public int? Shadow(string name) => ShadowOf(name).Read();

    /// <summary>The version that runs at some stations only; null = none.</summary>
    /// <exception cref="EdgeException"><c>canary</c> does not hold a version and stations, or can't be read.</exception>
    public Canary? Canary(string name) => CanaryOf(name).ReadCanary();

    /// <summary>The same, none when it can't be read.</summary>
    internal int? CurrentOrNone(string name) => CurrentOf(name).ReadOrNone();

    /// <summary>Every order that was written down, oldest first: <see cref="Activation.Role"/> says of what.</summary>
    /// <exception cref="EdgeException">The history can't be read.</exception>
    public IReadOnlyList<Activation> History(string name)
    {
        string file = HistoryOf(name);
        try
        {
            return [.. Activation.Read(file)];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new EdgeException($"Cannot read {file}: {e.Message}", e);
        }
    }

    /// <summary>Replaces <c>current</c> by rename, and writes it down in the history. Writing an older number is a roll back. A shadow of that version, and any canary, is over.</summary>
    /// <param name="by">Whoever asked; null = this user.</param>
    /// <exception cref="EdgeException">That version is not there, or a file can't be written.</exception>
    public void SetCurrent(string name, int version, string? by = null, string? why = null)
    {
        Require(name, version);
        int? before = CurrentOrNone(name);
        CurrentOf(name).Write(version);
        WriteDown(name, before, version, by, why, null);
        if (ShadowOf(name).ReadOrNone() == version) SetShadow(name, null, by, "it is current");
        if (File.Exists(Path.Combine(FolderOf(name), "canary"))) EndCanary(name, by, $"version {version} is current");
    }

    /// <summary>A station gets a version before the others do; written down in the history. One version at a time is a canary.</summary>
    /// <param name="by">Whoever asked; null = this user.</param>
    /// <exception cref="EdgeException">That version is not there, is current, another one is the canary, or a file can't be written.</exception>
    public void AddCanary(string name, int version, string station, string? by = null, string? why = null)
    {
        Require(name, version);
        if (version == Current(name)) throw new EdgeException($"{name} version {version} is current: every station has it.");
        Canary? before = Canary(name);
        if (before is not null && before.Version != version)
            throw new EdgeException($"{name} version {before.Version} is the canary (at {string.Join(", ", before.Stations)}): end it before another one begins.");
        if (before?.IsAt(station) == true) return;
        CanaryOf(name).Write(new Canary(version, [.. before?.Stations ?? [], station]).ToString());
        WriteDown(name, Current(name), version, by, why, Activation.CanaryAt(station));
    }

    /// <summary>Every station has the current version again; written down in the history.</summary>
    /// <param name="by">Whoever asked; null = this user.</param>
    /// <exception cref="EdgeException">A file can't be written.</exception>
    public void EndCanary(string name, string? by = null, string? why = null)
    {
        Canary? before = null;
        try
        {
            before = Canary(name);
        }
        catch (EdgeException)
        {
            // What can't be read is over too.
        }
        CanaryOf(name).Write((string?)null);
        foreach (string station in before?.Stations ?? []) WriteDown(name, before!.Version, 0, by, why, Activation.CanaryAt(station));
    }

    /// <summary>Names the version that runs as a shadow, and writes it down in the history.</summary>
    /// <param name="version">Null = none any more.</param>
    /// <param name="by">Whoever asked; null = this user.</param>
    /// <exception cref="EdgeException">That version is not there, is current, or a file can't be written.</exception>
    public void SetShadow(string name, int? version, string? by = null, string? why = null)
    {
        if (version is { } candidate) Require(name, candidate);
        if (version is not null && version == CurrentOrNone(name)) throw new EdgeException($"{name} version {version} is current: a shadow is another version than the one that decides.");
        int? before = ShadowOf(name).ReadOrNone();
        ShadowOf(name).Write(version);
        if (before is not null || version is not null) WriteDown(name, before, version ?? 0, by, why, Activation.Shadow);
    }

    private void Require(string name, int version)
    {
        if (!Directory.Exists(FolderOf(name, version))) throw new EdgeException($"{name} has no version {version}; there are {string.Join(", ", Versions(name))}.");
    }

    private void WriteDown(string name, int? from, int to, string? by, string? why, string? role)
    {
        try
        {
            new Activation(DateTimeOffset.UtcNow, from, to, by ?? Activation.ThisUser, why, role).AppendTo(HistoryOf(name));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new EdgeException($"{name} version {to} is to run, but that could not be written down in {HistoryOf(name)}: {e.Message}", e);
        }
    }

    private string HistoryOf(string name) => Path.Combine(FolderOf(name), "history.jsonl");
}
