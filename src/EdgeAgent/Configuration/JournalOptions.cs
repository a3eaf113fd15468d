using System.ComponentModel.DataAnnotations;

namespace Edge.Agent.Configuration;

/// <summary>Every part's record, on disk.</summary>
internal sealed class JournalOptions
{
    /// <summary>False: nothing is written down.</summary>
    public bool Enabled { get; set; } = true;

    /// <summary>SQLite database; two more files lie beside it while the agent runs. Relative paths start at the working directory.</summary>
    [Required]
    public string Path { get; set; } = "journal.db";

    /// <summary>Days that an entry is kept.</summary>
    [Range(1, 36_500)]
    public int KeepDays { get; set; } = 400;

    /// <summary>Megabytes of entries; beyond it the oldest go. A part takes about 0.7 KB.</summary>
    [Range(1, 1_000_000)]
    public int MaxMegabytes { get; set; } = 4_000;
}
