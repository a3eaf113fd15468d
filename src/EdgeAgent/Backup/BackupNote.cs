using System.Text.Json.Serialization;

namespace Edge.Agent.Backup;

/// <summary><c>backup.json</c>, a backup's first entry: what is in it.</summary>
/// <param name="Build">Of the agent that wrote it.</param>
/// <param name="Journal">Null without a journal.</param>
/// <param name="Pictures">The archive is in it.</param>
internal sealed record BackupNote(int SchemaVersion, DateTimeOffset CreatedAt, string Build, string Line, BackupNote.JournalNote? Journal, bool Pictures)
{
    public const int Schema = 1;

    /// <param name="Id">Of the journal that was copied; the restored one gets another.</param>
    /// <param name="Head">Hash of the last entry.</param>
    internal sealed record JournalNote(string Id, long Last, string Head);
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    WriteIndented = true,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    AllowDuplicateProperties = false)]
[JsonSerializable(typeof(BackupNote))]
internal sealed partial class BackupJson : JsonSerializerContext;
