using Edge.Agent.Configuration;

namespace Edge.Agent.Backup;

/// <summary>Where the parts of a backup lie on this machine, and their names in the file.</summary>
internal sealed record BackupParts(string Models, string State, string Journal, string Archive, string Reviews)
{
    public const string Note = "backup.json", Configuration = "appsettings.json", ModelsEntry = "models", StateEntry = "state", JournalEntry = "journal.db", ArchiveEntry = "archive", ReviewsEntry = "reviews", End = "end";

    // End: the last entry, empty. A tar that was cut off between two entries looks whole.

    public static BackupParts Of(AgentOptions options) => new(Path.GetFullPath(options.Models), Path.GetFullPath(options.State), Path.GetFullPath(options.Journal.Path), Path.GetFullPath(options.Archive.Path),
        Path.GetFullPath(options.Reviews.Path));

    /// <summary>Folders by their name in the file.</summary>
    public IEnumerable<(string Entry, string Path)> Folders => [(ModelsEntry, Models), (StateEntry, State), (ArchiveEntry, Archive), (ReviewsEntry, Reviews)];
}
