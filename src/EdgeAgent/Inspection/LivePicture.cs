namespace Edge.Agent.Inspection;

/// <summary>What a watcher of the page sees of a part: as the model saw it, and with its heatmap. JPEG.</summary>
internal sealed record LivePicture(Job Job, byte[] Heatmap, byte[] Plain);
