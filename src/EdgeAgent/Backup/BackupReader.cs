using System.Diagnostics;
using System.Formats.Tar;
using System.Globalization;
using System.IO.Compression;
using System.Text.Json;
using Edge.Agent.Configuration;
using Edge.Journal;
using Edge.Packages;

namespace Edge.Agent.Backup;

/// <summary>Puts a backup back: unpacked beside its places, every package and the whole journal verified, then renamed. A file that fails any check changes nothing.</summary>
internal sealed class BackupReader(AgentOptions options, TimeProvider time, TextWriter says)
{
    private const string Staging = ".restoring";

    private readonly BackupParts parts = BackupParts.Of(options);

    /// <param name="replace">What is there is renamed instead of refused.</param>
    /// <exception cref="EdgeException">Not a whole backup, something is in the way, or it can't be written.</exception>
    public void Restore(string file, bool replace, CancellationToken cancel)
    {
        string[] places = [.. parts.Folders.Select(f => f.Path), parts.Journal];
        try
        {
            foreach (string place in places) Discard(place + Staging);
            BackupNote note = Unpack(file, cancel);
            Verify(note, cancel);
            string[] unpacked = [.. places.Where(p => Path.Exists(p + Staging))];
            if (!replace && Array.Find(unpacked, IsThere) is { } taken) throw new EdgeException($"{taken} is there already. Nothing was changed; --replace keeps it under another name.");
            foreach (string place in unpacked) Activate(place);
            says.WriteLine($"restored what {note.Line} was at {note.CreatedAt:yyyy-MM-dd HH:mm:ss} UTC");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            throw new EdgeException($"{file} cannot be restored: {e.Message}", e);
        }
        finally
        {
            foreach (string place in places) Discard(place + Staging);
        }
    }

    private BackupNote Unpack(string file, CancellationToken cancel)
    {
        if (!File.Exists(file)) throw new EdgeException($"There is no backup at {file}.");
        using FileStream stream = File.OpenRead(file);
        using GZipStream zip = new(stream, CompressionMode.Decompress);
        using TarReader tar = new(zip);
        BackupNote? note = null;
        while (tar.GetNextEntry() is { } entry)
        {
            cancel.ThrowIfCancellationRequested();
            if (note is null) note = ReadNote(file, entry);
            else if (entry.Name == BackupParts.End) return note;
            else if (entry.Name != BackupParts.Configuration) Unpack(file, entry);
        }
        throw new EdgeException($"{file} is refused: it was cut off.");
    }

    private static BackupNote ReadNote(string file, TarEntry entry)
    {
        try
        {
            if (entry is { Name: BackupParts.Note, EntryType: TarEntryType.RegularFile, Length: < 1 << 16, DataStream: { } data } &&
                JsonSerializer.Deserialize(data, BackupJson.Default.BackupNote) is { SchemaVersion: BackupNote.Schema } note) return note;
        }
        catch (JsonException)
        {
            // said below
        }
        throw new EdgeException($"{file} is not a backup that this build of the agent reads.");
    }

    private void Unpack(string file, TarEntry entry)
    {
        string[] names = entry.Name.Split('/');
        string? place = names.Length == 1 ? (names[0] == BackupParts.JournalEntry ? parts.Journal : null) : parts.Folders.FirstOrDefault(f => f.Entry == names[0]).Path;
        if (place is null || entry.EntryType != TarEntryType.RegularFile || Array.Exists(names, n => n is "" or "." or "..") || entry.Name.Contains('\0', StringComparison.Ordinal))
            throw new EdgeException($"{file} is refused: it holds {entry.Name} ({entry.EntryType}), which no backup does.");
        string target = Path.Combine([place + Staging, .. names[1..]]);
        Directory.CreateDirectory(Path.GetDirectoryName(target)!);
        using FileStream stream = new(target, FileMode.CreateNew, FileAccess.Write);   // a name twice is refused
        entry.DataStream?.CopyTo(stream);
        stream.Flush(flushToDisk: true);
    }

    private void Verify(BackupNote note, CancellationToken cancel)
    {
        PackageStore store = new(parts.Models + Staging);
        if (Directory.Exists(store.Root))
            foreach (string name in Directory.EnumerateDirectories(store.Root).Select(f => Path.GetFileName(f)))
            {
                foreach (int version in store.Versions(name)) store.Open(name, version);
                VerifySignatures(name);
                says.WriteLine($"model {name}: {store.Versions(name).Count} versions verified, current is {store.Current(name)?.ToString(CultureInfo.InvariantCulture) ?? "none"}");
            }
        string copy = parts.Journal + Staging;
        if (note.Journal is null != !File.Exists(copy)) throw new EdgeException("The backup is refused: backup.json and what is in it differ about the journal.");
        if (note.Journal is not { } expected) return;
        using (JournalFile journal = JournalFile.Open(copy))
        {
            JournalVerification v = journal.Verify(cancellation: cancel);
            if (v.BrokenAt is { } at) throw new EdgeException($"The backup is refused: its journal's chain is broken at entry {at}.");
            if (v.Head != expected.Head || v.Last != expected.Last) throw new EdgeException($"The backup is refused: its journal ends with entry {v.Last}, backup.json says {expected.Last}.");
            says.WriteLine($"journal: {v.Entries} entries verified, up to {v.Last}");
        }
        // Entries that come now will have numbers that historians know from entries that were lost: another journal.
        JournalFile.BecomeAnother(copy);
    }

    /// <summary>With trusted keys: what is to run must be signed with one. Older versions may be from before there were keys; the agent runs none of them.</summary>
    private void VerifySignatures(string name)
    {
        if (options.TrustedKeys is null) return;
        PackageStore store = new(parts.Models + Staging) { TrustedKeysFile = options.TrustedKeys };
        foreach (int version in store.Versions(name))
        {
            try
            {
                store.Open(name, version);
            }
            catch (EdgeException e) when (version != store.Current(name) && version != store.Canary(name)?.Version)
            {
                says.WriteLine($"model {name}: version {version} will not run here: {e.Message}");
            }
        }
    }

    private void Activate(string place)
    {
        bool journal = place == parts.Journal;
        string kept = $"{place}.replaced-{time.GetUtcNow():yyyyMMdd'T'HHmmss'Z'}";
        foreach (string suffix in journal ? ["", "-wal", "-shm"] : (string[])[""])
        {
            if (!Path.Exists(place + suffix)) continue;
            Directory.Move(place + suffix, kept + suffix);   // a file too
            if (suffix.Length == 0) says.WriteLine($"what was there is now {kept}");
        }
        GiveToOwner(place);
        Directory.Move(place + Staging, place);
        PackageFiles.FlushFolder(Path.GetDirectoryName(place)!);
    }

    /// <summary>Root restores, the service's own user writes on.</summary>
    private static void GiveToOwner(string place)
    {
        if (!Environment.IsPrivilegedProcess) return;
        using Process chown = Process.Start("chown", ["-R", $"--reference={Path.GetDirectoryName(place)}", place + Staging]);
        chown.WaitForExit();
        if (chown.ExitCode != 0) throw new EdgeException($"{place} cannot be given to the owner of its folder.");
    }

    private static bool IsThere(string place) => File.Exists(place) || Directory.Exists(place) && Directory.EnumerateFileSystemEntries(place).Any();

    private static void Discard(string staged)
    {
        if (Directory.Exists(staged)) Directory.Delete(staged, recursive: true);
        foreach (string suffix in (string[])["", "-wal", "-shm"]) if (File.Exists(staged + suffix)) File.Delete(staged + suffix);
    }
}
