// What a generated client is for, once through: look, be refused, download. Compiling it is half of the test.
import assert from 'node:assert/strict'
import createClient from 'openapi-fetch'
import type { components, paths } from './gramhost.js'

const api = createClient<paths>({ baseUrl: process.env['GRAMHOST']! })

/** Until a job has ended. */
async function ended(job_id: string): Promise<components['schemas']['Job']> {
  for (;;) {
    const { data } = await api.GET('/instagram/status/{job_id}', { params: { path: { job_id } } })
    assert(data, 'a job that was accepted has a status')
    if (data.status !== 'pending' && data.status !== 'processing') return data
    await new Promise(done => setTimeout(done, 50))
  }
}

const profile = await api.GET('/instagram/profile/info', { params: { query: { username: 'gramhost.demo' } } })
const followers: number | null | undefined = profile.data?.followers_count
assert.equal(followers, 12840)

const post = await api.GET('/instagram/post/info', { params: { query: { url_or_code: 'De0N5pLMixd' } } })
assert.equal(post.data?.carousel_media?.length, 3)
assert.equal(post.data?.owner?.username, 'gramhost.demo')

const missing = await api.GET('/instagram/profile/info', { params: { query: { username: 'not a name' } } })
assert.equal(missing.response.status, 400)
assert.equal(missing.error?.error.code, 'INVALID_USERNAME')

const started = await api.POST('/instagram/download/reel', { body: { url: 'DfF-eHzReel', quality: '1080p' } })
assert.equal(started.data?.reel_info?.owner, 'gramhost.demo')
const job = await ended(started.data.job_id)
assert.equal(job.status, 'completed')
const filename = job.files?.[0]?.filename
assert(filename)
const file = await api.GET('/instagram/download/file/{filename}', { params: { path: { filename } }, parseAs: 'blob' })
assert.equal((file.data as unknown as Blob).size, Math.round(job.total_size_mb! * 1e6))

const batch = await api.POST('/instagram/download/batch', { body: { items: [{ url: 'DfDjNmTDemo', type: 'post' }] } })
assert.equal((await ended(batch.data!.batch_job_id)).items?.[0]?.status, 'completed')

const formats = await api.GET('/instagram/formats')
assert.equal(formats.data?.reel_formats.audio_formats[1]?.format, 'mp3')
console.log(`typescript: ${filename}, ${file.response.headers.get('content-length')} bytes`)
