using NearCache.ZooKeeper.Protocol;

namespace NearCache.ZooKeeper;

/// <summary>One change of several that happen together or not at all. Made by the methods of this class.</summary>
public sealed class MultiOperation
{
    private ReadOnlyMemory<byte>? _data;
    private int _version;
    private CreateRequest? _create;

    private MultiOperation(OperationCode code, string path, bool isSequential = false)
    {
        ZNodePath.ThrowIfInvalid(path, nameof(path), isSequential);
        (Code, Path) = (code, path);
    }

    /// <summary>The node.</summary>
    public string Path { get; }

    internal OperationCode Code { get; }

    /// <summary>Makes a node.</summary>
    /// <param name="path">Where; a sequential name may end in a slash.</param>
    /// <param name="data">Must not change until the multi has completed.</param>
    /// <param name="mode">How long it lives. Default: until it is deleted.</param>
    /// <param name="acl">Default: <see cref="ZNodeAcl.OpenToAll"/>.</param>
    /// <param name="timeToLive">For the modes with a time to live, and only for them.</param>
    public static MultiOperation Create(
        string path, ReadOnlyMemory<byte>? data, ZNodeMode mode = ZNodeMode.Persistent, IReadOnlyList<ZNodeAcl>? acl = null, TimeSpan? timeToLive = null)
    {
        var request = CreateRequestFactory.Create(new ChrootedPath("", path), data, mode, acl, timeToLive);
        return new MultiOperation(request.Code, path, CreateRequestFactory.IsSequential(mode)) { _create = request };
    }

    /// <summary>Removes a node that has no children.</summary>
    /// <param name="path">Which.</param>
    /// <param name="version">The version that it must have; -1, the default, is any.</param>
    public static MultiOperation Delete(string path, int version = -1) => new(OperationCode.Delete, path) { _version = version };

    /// <summary>Replaces a node's data.</summary>
    /// <param name="path">Which.</param>
    /// <param name="data">Must not change until the multi has completed.</param>
    /// <param name="version">The version that it must have; -1, the default, is any.</param>
    public static MultiOperation SetData(string path, ReadOnlyMemory<byte>? data, int version = -1) =>
        new(OperationCode.SetData, path) { _data = data, _version = version };

    /// <summary>Changes nothing, and fails unless the node has this version.</summary>
    /// <param name="path">Which.</param>
    /// <param name="version">The version; -1: it only has to exist.</param>
    public static MultiOperation Check(string path, int version) => new(OperationCode.Check, path) { _version = version };

    internal void WriteTo(JuteWriter writer, string chroot)
    {
        var target = new ChrootedPath(chroot, Path);
        switch (Code)
        {
            case OperationCode.Delete:
                new DeleteRequest(target, _version).WriteTo(writer);
                break;
            case OperationCode.SetData:
                new SetDataRequest(target, _data, _version).WriteTo(writer);
                break;
            case OperationCode.Check:
                // ustring path; int version
                writer.WritePath(target);
                writer.WriteInt32(_version);
                break;
            default:
                (_create!.Value with { Target = target }).WriteTo(writer);
                break;
        }
    }
}
