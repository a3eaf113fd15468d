using System.ComponentModel.DataAnnotations;

namespace Edge.Agent.Configuration;

/// <summary>What people say of inspected parts, on the operator page.</summary>
internal sealed class ReviewOptions
{
    /// <summary>
    /// Folder of <c>reviews.db</c> and of the reviewed parts' pictures, which stay when the archive removes its own: <c>pictures/&lt;model&gt;/good</c> and <c>pictures/&lt;model&gt;/&lt;defect&gt;</c>,
    /// as edge-trainer reads them (<c>Reviewed</c>). Relative paths start at the working directory.
    /// </summary>
    [Required]
    public string Path { get; set; } = "reviews";
}
