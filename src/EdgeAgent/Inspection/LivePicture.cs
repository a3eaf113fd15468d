namespace Edge.Agent.Inspection;

/// <summary>What a watcher of the page sees of a part: as the model saw it, and with its heatmap. JPEG.</summary>
/// <param name="Region">Of the frame that it shows, camera pixels: its true proportions, as the model's picture is made to fit the graph.</param>
internal sealed record LivePicture(Job Job, (int Width, int Height) Region, byte[] Heatmap, byte[] Plain);
