using System.Formats.Tar;
using System.IO.Compression;
using System.Text.Json;
using Edge.Agent.Configuration;
using Edge.Agent.Reviews;
using Edge.Journal;
using Edge.Packages;

namespace Edge.Agent.Backup;

/// <summary>
/// Models, journal (and with it what historians have not had yet), what stations were told last, the configuration and, if wanted, the archive as one
/// tar.gz, while the agent runs. Secrets that the configuration names by file are not in it.
/// </summary>
internal sealed class BackupWriter(AgentOptions options, string configuration, TimeProvider time, TextWriter says)
{
    private readonly BackupParts parts = BackupParts.Of(options);

    /// <exception cref="EdgeException">It can't be written, or what is to be copied can't be read; nothing is left behind.</exception>
    public void Write(string file, bool pictures, CancellationToken cancel)
    {
        string unfinished = file + ".part", copy = file + ".copy";
        try
        {
            using (FileStream stream = new(unfinished, FileMode.Create, FileAccess.Write, FileShare.None))
            {
                using (GZipStream zip = new(stream, CompressionLevel.Fastest, leaveOpen: true))
                using (TarWriter tar = new(zip, TarEntryFormat.Pax)) Write(tar, copy, pictures, cancel);
                stream.Flush(flushToDisk: true);
            }
            File.Move(unfinished, file, overwrite: true);
            PackageFiles.FlushFolder(Path.GetDirectoryName(Path.GetFullPath(file))!);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new EdgeException($"The backup {file} cannot be written: {e.Message}", e);
        }
        finally
        {
            if (Directory.Exists(Path.GetDirectoryName(Path.GetFullPath(file))))
            {
                File.Delete(unfinished);
                File.Delete(copy);
            }
        }
    }

    private void Write(TarWriter tar, string copy, bool pictures, CancellationToken cancel)
    {
        BackupNote.JournalNote? note = CopyJournal(copy);
        Write(tar, BackupParts.Note, JsonSerializer.SerializeToUtf8Bytes(new BackupNote(BackupNote.Schema, time.GetUtcNow(), Build.Version, options.Line, note, pictures), BackupJson.Default.BackupNote));
        Write(tar, BackupParts.Configuration, File.ReadAllBytes(configuration));
        WriteModels(tar, cancel);
        WriteFolder(tar, BackupParts.StateEntry, parts.State, "*", cancel);
        if (note is not null)
        {
            tar.WriteEntry(copy, BackupParts.JournalEntry);
            says.WriteLine($"journal up to entry {note.Last}, hash {note.Head}");
        }
        WriteReviews(tar, copy, cancel);
        if (pictures) says.WriteLine($"{WriteFolder(tar, BackupParts.ArchiveEntry, parts.Archive, "*.png", cancel)} pictures of the archive");
        Write(tar, BackupParts.End, []);
    }

    /// <summary>With their pictures, which nobody else has.</summary>
    private void WriteReviews(TarWriter tar, string copy, CancellationToken cancel)
    {
        if (!File.Exists(Path.Combine(parts.Reviews, ReviewFile.Name))) return;
        using (ReviewFile reviews = ReviewFile.Open(parts.Reviews)) reviews.CopyTo(copy);
        tar.WriteEntry(copy, $"{BackupParts.ReviewsEntry}/{ReviewFile.Name}");
        says.WriteLine($"reviews, {WriteFolder(tar, BackupParts.ReviewsEntry, parts.Reviews, "*.png", cancel)} pictures");
    }

    private BackupNote.JournalNote? CopyJournal(string copy)
    {
        if (!options.Journal.Enabled || !File.Exists(parts.Journal)) return null;
        using (JournalFile journal = JournalFile.Open(parts.Journal)) journal.CopyTo(copy);
        using JournalFile copied = JournalFile.Open(copy);
        return new BackupNote.JournalNote(copied.Id, copied.Last, copied.Head);
    }

    /// <summary><c>current</c> is read before the versions are listed: the version it names is in the backup, whatever is published meanwhile.</summary>
    private void WriteModels(TarWriter tar, CancellationToken cancel)
    {
        if (!Directory.Exists(parts.Models)) return;
        PackageStore store = new(parts.Models);
        foreach (string name in Directory.EnumerateDirectories(parts.Models).Select(Path.GetFileName).OfType<string>().Where(PackageFiles.IsName).Order(StringComparer.Ordinal))
        {
            string model = Path.Combine(parts.Models, name);
            (string Name, byte[] Content)[] pointers = [.. Directory.EnumerateFiles(model).Where(f => !f.EndsWith(".tmp", StringComparison.Ordinal)).Select(f => (Path.GetFileName(f), File.ReadAllBytes(f)))];
            IReadOnlyList<int> versions = store.Versions(name);
            foreach (int version in versions) WriteFolder(tar, $"{BackupParts.ModelsEntry}/{name}/{version}", store.FolderOf(name, version), "*", cancel);
            foreach ((string pointer, byte[] content) in pointers) Write(tar, $"{BackupParts.ModelsEntry}/{name}/{pointer}", content);
            says.WriteLine($"model {name}, {versions.Count} versions");
        }
    }

    private static int WriteFolder(TarWriter tar, string entry, string folder, string pattern, CancellationToken cancel)
    {
        int count = 0;
        if (!Directory.Exists(folder)) return count;
        foreach (string file in Directory.EnumerateFiles(folder, pattern, SearchOption.AllDirectories).Order(StringComparer.Ordinal))
        {
            cancel.ThrowIfCancellationRequested();
            try
            {
                tar.WriteEntry(file, $"{entry}/{Path.GetRelativePath(folder, file)}");
                count++;
            }
            catch (FileNotFoundException)
            {
                // The agent has just removed it: a picture that grew too old.
            }
        }
        return count;
    }

    private void Write(TarWriter tar, string name, byte[] content) =>
        tar.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, name) { DataStream = new MemoryStream(content), ModificationTime = time.GetUtcNow() });
}
