using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Edge.Journal;

/// <summary>What an entry is about.</summary>
public static class JournalKind
{
    /// <summary>The verdict of a part: exactly one for each job.</summary>
    public const string Part = "part";

    /// <summary>A result that came after its part's deadline. The part's verdict stays <c>uninspected(deadline)</c>.</summary>
    public const string Late = "late";

    /// <summary>Where the picture of a part lies, and its SHA-256.</summary>
    public const string Image = "image";

    /// <summary>Something that was done to the station or to the journal.</summary>
    public const string Event = "event";
}

/// <summary>What is to be written down.</summary>
/// <param name="At">UTC, milliseconds count.</param>
/// <param name="Record">One JSON object.</param>
public sealed record JournalRecord(string Station, string Kind, DateTimeOffset At, string Record);

/// <summary>What is written down.</summary>
/// <param name="Seq">1, 2, 3, … without a gap.</param>
/// <param name="Hash">SHA-256 over the hash of the entry before and all of this one: see <see cref="HashOf"/>.</param>
public sealed record JournalEntry(long Seq, string Station, string Kind, DateTimeOffset At, string Record, byte[] Hash)
{
    /// <summary>Hash before the first entry of a new journal.</summary>
    public static byte[] Genesis { get; } = new byte[SHA256.HashSizeInBytes];

    /// <summary>
    /// SHA-256(previous ‖ seq, 8 bytes ‖ Unix milliseconds, 8 bytes ‖ station ‖ 0 ‖ kind ‖ 0 ‖ record), integers big-endian, text UTF-8.
    /// An entry that was changed, removed or put in between breaks the chain from there on.
    /// </summary>
    public static byte[] HashOf(ReadOnlySpan<byte> previous, long seq, JournalRecord record)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Span<byte> numbers = stackalloc byte[16];
        BinaryPrimitives.WriteInt64BigEndian(numbers, seq);
        BinaryPrimitives.WriteInt64BigEndian(numbers[8..], record.At.ToUnixTimeMilliseconds());
        hash.AppendData(previous);
        hash.AppendData(numbers);
        hash.AppendData(Encoding.UTF8.GetBytes($"{record.Station}\0{record.Kind}\0{record.Record}"));
        return hash.GetHashAndReset();
    }
}
