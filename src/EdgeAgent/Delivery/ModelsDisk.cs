namespace Edge.Agent.Delivery;

/// <summary>The disk that versions are fetched to.</summary>
internal static class ModelsDisk
{
    /// <exception cref="DeliveryException">The disk does not take it.</exception>
    public static void OnDisk(Action work) => OnDisk(() =>
    {
        work();
        return true;
    });

    /// <exception cref="DeliveryException">The disk does not give it.</exception>
    public static T OnDisk<T>(Func<T> work)
    {
        try
        {
            return work();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or EdgeException and not DeliveryException)
        {
            throw new DeliveryException(DeliveryTrouble.Disk, $"The models folder can't be used: {e.Message}", e);
        }
    }
}
